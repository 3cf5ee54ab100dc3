use super::*;
use crate::decide::tests::bench::{self, Bench, backdipro};
use crate::model::{CpuBasis, Policy, Promise, Pulse};

fn site(name: &str, workers: u32) -> Bench {
    let mut bench = Bench::new(backdipro(CpuBasis::Host), workers);
    bench.project.name = name.to_owned();
    bench.project.cpu = None;
    bench.project.policy = Policy::Target(Promise::default());
    bench
}

/// A second in which `begun` requests of 200 ms were served and `waiting` are left; a worker takes 100 MiB.
fn second((begun, waiting): (u64, usize)) -> Pulse {
    Pulse {
        worker_mib: Some(100),
        ..bench::second(begun, begun as f64 / 5.0, waiting)
    }
}

/// One look at all of them, with a budget of so many MiB, 100 a worker: what each is to have.
fn look(
    sites: &mut [Bench],
    seen: &[(u64, usize)],
    budget: u64,
    budgeted: &mut Budgeted,
    now: f64,
) -> Vec<u32> {
    for (site, seen) in sites.iter_mut().zip(seen) {
        let pulse = second(*seen);
        site.state.pulse(&site.project, &pulse, Some(site.count()));
    }
    let projects: Vec<Project> = sites.iter().map(|site| site.project.clone()).collect();
    let mut members: Vec<Member<'_>> = sites
        .iter_mut()
        .zip(&projects)
        .map(|(site, project)| Member {
            project,
            state: &mut site.state,
        })
        .collect();
    budgeted.share(&mut members, Budget { memory_mib: budget }, now);
    let goal = |site: &Bench| site.state.target().unwrap().goal().unwrap();
    sites.iter().map(goal).collect()
}

#[test]
fn memory_that_another_is_to_give_back_is_not_given_away_before() {
    let mut sites = [site("busy", 1), site("calm", 5)];
    let mut budgeted = Budgeted::default();
    for second in 0..60 {
        let goals = look(
            &mut sites,
            &[(4, 0), (4, 0)],
            600,
            &mut budgeted,
            f64::from(second),
        );
        assert!(goals.iter().sum::<u32>() <= 6, "{goals:?}");
    }
    let goals = look(&mut sites, &[(5, 40), (4, 0)], 600, &mut budgeted, 120.0);
    assert!(goals[1] < 5, "the calm one yields: {goals:?}");
    assert_eq!(goals[0], 1, "and nobody has its memory yet");
    sites[1].set_workers(goals[1]);
    let goals = look(&mut sites, &[(5, 40), (4, 0)], 600, &mut budgeted, 121.0);
    assert!(goals[0] > 1 && goals.iter().sum::<u32>() <= 6, "{goals:?}");
}

#[test]
fn what_is_free_goes_to_who_asks_up_to_the_budget() {
    let mut sites = [site("busy", 1), site("calm", 1)];
    let mut budgeted = Budgeted::default();
    let goals = look(&mut sites, &[(5, 40), (1, 0)], 350, &mut budgeted, 0.0);
    assert_eq!(goals, [2, 1], "350 MiB are three workers");
}

/// A load of ten workers before two: a third keeps none of its requests from being late, and is worth something all the same.
#[test]
fn a_project_that_is_far_short_takes_what_another_hardly_uses() {
    let mut sites = [site("short", 2), site("calm", 6)];
    let (mut budgeted, mut waiting) = (Budgeted::default(), 0);
    for second in 0..120 {
        let served = u64::from(sites[0].count()) * 5;
        waiting = (waiting + 50_u64).saturating_sub(served);
        let seen = [(served, usize::try_from(waiting).unwrap()), (15, 0)];
        let goals = look(&mut sites, &seen, 800, &mut budgeted, f64::from(second));
        assert!(goals.iter().sum::<u32>() <= 8, "{goals:?}");
        for (site, goal) in sites.iter_mut().zip(goals) {
            site.set_workers(goal);
        }
    }
    assert!(
        sites[0].count() >= 3,
        "{} and {}",
        sites[0].count(),
        sites[1].count()
    );
    assert!(
        sites[1].count() >= 4,
        "it is busy with three: {}",
        sites[1].count()
    );
}

#[test]
fn where_there_is_no_budget_any_more_what_it_left_does_not_count() {
    let mut sites = [site("busy", 1), site("calm", 1)];
    let goals = look(&mut sites, &[(5, 40), (1, 0)], 200, &mut Budgeted::default(), 0.0);
    assert_eq!(goals, [1, 1], "200 MiB are two workers");
    let busy = &mut sites[0];
    busy.state
        .pulse(&busy.project, &second((5, 40)), Some(busy.count()));
    assert!(busy.state.target().unwrap().goal() > Some(1));
}
