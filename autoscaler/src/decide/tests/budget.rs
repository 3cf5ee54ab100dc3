//! Several projects at one check, and one memory.

use crate::decide::tests::bench::{Bench, GIB, backdipro};
use crate::decide::{Case, Promised};
use crate::model::{Action, CpuBasis, Decision, Reason};

/// One check of a project whose single worker is at 95 %.
fn check(bench: &mut Bench, promised: &mut Promised) -> Decision {
    check_load(bench, promised, 0.95)
}

/// One check of a project that keeps so many CPUs busy.
fn check_load(bench: &mut Bench, promised: &mut Promised, cpus: f64) -> Decision {
    let sample = Ok(bench.sample(Some(cpus)));
    let case = Case::new(&bench.project, &bench.host, &sample);
    case.take_in(&mut bench.state);
    let proposal = promised.allot(&case, case.propose(&bench.state));
    case.settle(proposal, &mut bench.state)
}

/// Two projects whose next step is due at the next check, on a host with so much memory available.
fn due(available_mib: u64) -> [Bench; 2] {
    let mut projects = [(); 2].map(|()| Bench::new(backdipro(CpuBasis::Workers), 1));
    for bench in &mut projects {
        // Too little for a step, whose time is held meanwhile.
        bench.host.memory_available_mib = 1;
        let last = (0..5).map(|_| bench.check(95.0)).last();
        assert_eq!(last.map(|decision| decision.action), Some(Action::Blocked));
        bench.host.memory_available_mib = available_mib;
    }
    projects
}

const UP: Action = Action::ScaleUp { from: 1, to: 2 };

#[test]
fn memory_for_one_worker_goes_to_one_project() {
    let [mut one, mut other] = due(1400);
    let mut promised = Promised::default();
    assert_eq!(check(&mut one, &mut promised).action, UP);
    let decision = check(&mut other, &mut promised);
    assert_eq!(decision.action, Action::Blocked);
    assert_eq!(decision.reason, Reason::MemoryPromised { promised_mib: 500 });
    assert_eq!(
        decision.figures.memory_available_mib, 1400,
        "what is told is the host's own figure"
    );
    // The time that its load has held is not lost with the refusal.
    assert_eq!(check(&mut other, &mut Promised::default()).action, UP);
}

#[test]
fn memory_for_both_goes_to_both() {
    let [mut one, mut other] = due(1500);
    let mut promised = Promised::default();
    assert_eq!(check(&mut one, &mut promised).action, UP);
    assert_eq!(check(&mut other, &mut promised).action, UP);
}

#[test]
fn memory_that_is_short_without_any_promise_is_told_as_such() {
    let [mut one, mut other] = due(4000);
    let mut promised = Promised::default();
    check(&mut one, &mut promised);
    other.host.memory_available_mib = 900;
    let reason = check(&mut other, &mut promised).reason;
    assert!(matches!(reason, Reason::MemoryPerWorker { .. }), "{reason:?}");
}

#[test]
fn a_promise_stands_in_no_step_downs_way() {
    let mut down = Bench::new(backdipro(CpuBasis::Workers), 2);
    down.host.memory_available_mib = 8 * GIB + 1;
    let mut promised = Promised::default();
    promised.add(&down.project.clone(), UP);
    let step = Action::ScaleDown { from: 2, to: 1 };
    let stepped = (0..20).any(|_| check_load(&mut down, &mut promised, 0.02).action == step);
    assert!(stepped);
}
