//! Looks between two checks: what they see counts, and the figures that they do not have are the next check's.

use crate::decide::tests::bench::{Bench, backdipro};
use crate::decide::{Case, Occasion};
use crate::model::{Action, CpuBasis, Decision, ProjectSample, Reason, Unobservable};

fn bench(workers: u32) -> Bench {
    Bench::new(backdipro(CpuBasis::Workers), workers)
}

fn look(bench: &mut Bench) -> Decision {
    let sample = Ok(bench.sample(None));
    look_at(bench, &sample)
}

fn look_at(bench: &mut Bench, sample: &Result<ProjectSample, Unobservable>) -> Decision {
    let case = Case {
        occasion: Occasion::Between,
        ..Case::new(&bench.project, &bench.host, sample)
    };
    case.decide(&mut bench.state)
}

#[test]
fn the_boot_that_a_look_saw_is_in_the_figures_of_the_next_check() {
    let mut bench = bench(4);
    bench.check(70.0);
    bench.reload(1);
    assert_eq!(look(&mut bench).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), Some(4));
    // The worker's own imports, and nothing after them: neither for a step nor against the way back.
    assert_eq!(bench.check(30.0).action, Action::Hold);
    assert_eq!(bench.state.count_to_restore(), Some(4), "nothing is judged yet");
    let decision = bench.check(100.0);
    assert_eq!(decision.action, Action::ScaleUp { from: 1, to: 2 });
    assert_eq!(decision.reason, Reason::Restore { held_before: 4 });
}

#[test]
fn a_second_look_forgets_no_boot_and_a_look_that_saw_nothing_delays_nothing() {
    let mut bench = bench(2);
    bench.check(70.0);
    bench.set_workers(3);
    look(&mut bench);
    look(&mut bench);
    bench.check(100.0);
    assert_eq!(
        bench.check(100.0).action,
        Action::Hold,
        "held for one check: the figures before it had the boot"
    );
    // That check saw no boot, so neither does what follows, whatever looks come in between.
    look(&mut bench);
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 3, to: 4 });
}

#[test]
fn a_look_at_a_unit_that_is_down_leaves_the_next_figures_as_they_are() {
    let mut bench = bench(1);
    bench.check(50.0);
    bench.set_workers(2);
    bench.check(50.0);
    let down = Err(Unobservable::UnitInactive {
        unit: "backdipro.service".into(),
        state: "activating".into(),
    });
    look_at(&mut bench, &down);
    bench.check(100.0);
    assert_eq!(bench.check(100.0).action, Action::ScaleUp { from: 2, to: 3 });
}
