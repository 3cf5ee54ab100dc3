//! The lines that the user documented, to the letter, and one line of each kind in both languages.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::act::{Outcome, Workers};
use crate::model::{
    Action, Bounds, Cause, CpuBasis, Decision, Figures, Language, Measure, MemoryError, MemoryRules, Next,
    Project, Reason, ScaleError, Schedules, Step, Target,
};
use crate::report::Reporter;
use crate::words::{Done, Message, Reply, outlook, reply};

fn decision(action: Action) -> Decision {
    Decision {
        action,
        reason: Reason::AboveRung {
            measure: Measure::Cpu,
            value: None,
            rung: 3,
            threshold: 75.0,
            held: Duration::from_mins(4),
        },
        figures: Figures {
            workers: Some(2),
            cpu_percent: Some(75.2),
            wait_percent: None,
            memory_available_mib: 12000,
            ..Figures::default()
        },
    }
}

const UNIT: &str = "backdipro.service";

#[test]
fn the_documented_lines_to_the_letter() {
    let es = Reporter::new(Language::Es);
    let up = decision(Action::ScaleUp { from: 2, to: 3 });
    assert_eq!(
        es.render(&Message::Step {
            unit: UNIT,
            decision: &up
        }),
        "📊 backdipro.service: CPU=75.2% Mem=12000MB -> scale_up a 3 workers"
    );
    let done = Done {
        workers: 3,
        limit_per_worker_mib: Some(500),
        dry_run: false,
    };
    assert_eq!(
        es.render(&Message::Scaled { unit: UNIT, done }),
        "✅ backdipro.service escalado a 3 workers (límite memoria: 500M por worker)"
    );
}

#[test]
fn what_comes_next_is_told_by_how_far_it_is_on_its_way() {
    let next = |held| Next {
        measure: Measure::Cpu,
        rung: 3,
        to: 3,
        threshold: 75.0,
        held: Duration::from_secs(held),
        needed: Duration::from_mins(3),
        against: None,
    };
    let told = |next: &Next| {
        [
            outlook(Language::En, next, true),
            outlook(Language::Es, next, true),
        ]
    };
    assert_eq!(
        told(&next(0)),
        [
            "up to 3: CPU > 75% (scale_up_3) for 3m00s",
            "subir a 3: CPU > 75% (scale_up_3) durante 3m00s"
        ]
    );
    assert_eq!(
        told(&next(100)),
        [
            "up to 3: CPU > 75% (scale_up_3) for another 1m20s",
            "subir a 3: CPU > 75% (scale_up_3) durante 1m20s más"
        ]
    );
    let paused = Next {
        against: Some(Reason::Paused),
        ..next(240)
    };
    assert_eq!(
        told(&paused),
        [
            "up to 3: CPU > 75% (scale_up_3), held for 4m00s; but paused by hand; `autoscaler resume` ends it",
            "subir a 3: CPU > 75% (scale_up_3), desde hace 4m00s; pero en pausa por orden manual; termina con `autoscaler resume`"
        ]
    );
}

#[test]
fn english_says_the_same() {
    let en = Reporter::new(Language::En);
    let down = decision(Action::ScaleDown { from: 2, to: 1 });
    assert_eq!(
        en.render(&Message::Step {
            unit: UNIT,
            decision: &down
        }),
        "📊 backdipro.service: CPU=75.2% Mem=12000MB -> scale_down to 1 worker"
    );
    let done = Done {
        workers: 1,
        limit_per_worker_mib: None,
        dry_run: false,
    };
    assert_eq!(
        en.render(&Message::Scaled { unit: UNIT, done }),
        "✅ backdipro.service scaled to 1 worker (no memory limit)"
    );
}

#[test]
fn a_queue_stands_before_the_cpu() {
    let mut up = decision(Action::ScaleUp { from: 2, to: 4 });
    up.figures.queue = Some(120);
    assert_eq!(
        Reporter::new(Language::Es).render(&Message::Step {
            unit: "backdipro-celery.service",
            decision: &up
        }),
        "📊 backdipro-celery.service: Cola=120 CPU=75.2% Mem=12000MB -> scale_up a 4 workers"
    );
}

#[test]
fn an_empty_queue_with_hundreds_fetched_ahead_does_not_read_as_calm() {
    let mut up = decision(Action::ScaleUp { from: 2, to: 4 });
    up.figures.queue = Some(0);
    up.figures.reserved = Some(240);
    up.figures.oldest_waiting = Some(Duration::from_mins(3));
    let line = Reporter::new(Language::Es).render(&Message::Step {
        unit: "c.service",
        decision: &up,
    });
    let start = "📊 c.service: Cola=0 Reservadas=240 Antigua=3m00s CPU=75.2%";
    assert!(line.starts_with(start), "{line}");
}

#[test]
fn a_verdict_gives_the_reason() {
    let hold = Decision {
        reason: Reason::NotHeldYet {
            measure: Measure::Cpu,
            rung: 3,
            threshold: 75.0,
            held: Duration::from_mins(2),
            needed: Duration::from_mins(3),
            up: true,
        },
        ..decision(Action::Hold)
    };
    assert_eq!(
        Reporter::new(Language::Es).render(&Message::Verdict {
            unit: UNIT,
            decision: &hold
        }),
        "📊 backdipro.service: CPU=75.2% Mem=12000MB Workers=2 -> sin cambios: \
         CPU > 75% (scale_up_3) durante 2m00s de 3m00s"
    );
}

/// A refusal and what was done are told in one language.
#[test]
fn answers_over_the_socket_have_the_daemons_language() {
    let known = ["backdipro".to_owned()];
    let unknown = Reply::UnknownProject {
        name: "backdpro",
        nearest: Some("backdipro"),
        known: &known,
    };
    assert_eq!(
        reply(Language::Es, &unknown),
        "no existe el proyecto \"backdpro\"; ¿quería decir \"backdipro\"?"
    );
    assert_eq!(
        reply(Language::En, &unknown),
        "there is no project \"backdpro\"; did you mean \"backdipro\"?"
    );
    let stays = Reply::Stays {
        unit: UNIT,
        workers: 1,
        reason: &Reason::WithinThresholds,
    };
    assert!(reply(Language::Es, &stays).starts_with("backdipro.service: 1 worker ("));
}

/// Keeps the lines that an operator would read.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::INFO {
            event.record(&mut Words(self));
        }
    }
}

struct Words<'h>(&'h Heard);

impl Visit for Words<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.0.lock().unwrap().push(format!("{value:?}"));
        }
    }
}

fn project() -> Project {
    Project {
        name: "backdipro".into(),
        enabled: true,
        service_name: UNIT.into(),
        target: Target::Unit,
        process: None,
        bounds: Bounds { min: 1, max: 6 },
        schedules: Schedules::new(Bounds { min: 1, max: 6 }, Vec::new()),
        policy: crate::model::Policy::default(),
        weight: 1.0,
        cadence: Duration::from_secs(1),
        cpu_basis: CpuBasis::Workers,
        scale_up_on_saturated_host: false,
        reload_wait: Duration::ZERO,
        cpu: None,
        queue: None,
        requests: crate::model::RequestRules::default(),
        memory: MemoryRules {
            min_available_per_worker_mib: 0,
            scale_down_min_available_mib: None,
            threshold_mib: 0,
            per_worker_mib: 500,
            base_mib: 0,
        },
    }
}

fn came_of(workers: Result<Workers, Cause>) -> Outcome {
    Outcome {
        dry_run: false,
        workers: workers.map_err(|cause| ScaleError {
            from: 2,
            reached: 2,
            wanted: 3,
            cause,
        }),
        left: None,
        boot: None,
        memory: None,
    }
}

#[test]
fn a_step_that_cannot_be_taken_is_told_when_that_begins_and_when_it_is_over() {
    let heard = Heard::default();
    let subscriber = tracing_subscriber::registry().with(heard.clone());
    let after = Duration::from_secs(30);
    let step = Step::Up;
    let workers = Vec::new();
    let up = decision(Action::ScaleUp { from: 2, to: 3 });
    let calm = Decision {
        reason: Reason::WithinThresholds,
        ..decision(Action::Hold)
    };
    tracing::subscriber::with_default(subscriber, || {
        let (mut reporter, project) = (Reporter::new(Language::En), project());
        let mut try_and = |workers| {
            reporter.decision(&project, &up);
            reporter.outcome(&project, &came_of(workers));
        };
        try_and(Err(Cause::TimedOut { step, after, workers }));
        for since in [150, 270, 390] {
            let since = Duration::from_secs(since);
            try_and(Err(Cause::Unanswered { step, since }));
        }
        try_and(Err(Cause::Moved { expected: 2, seen: 4 }));
        try_and(Ok(Workers::Scaled { from: 2, to: 3 }));
        try_and(Err(Cause::Moved { expected: 2, seen: 4 }));
        reporter.decision(&project, &calm);
        reporter.decision(&project, &calm);
    });
    let heard = heard.0.lock().unwrap();
    let parts = [
        "-> scale_up to 3 workers",
        "no worker came within 30 s",
        "4 workers where 2 were expected",
        "scaled to 3 workers",
        "-> scale_up to 3 workers",
        "4 workers where 2 were expected",
        "the step that failed is no longer needed",
    ];
    assert_eq!(heard.len(), parts.len(), "{heard:#?}");
    for (line, part) in heard.iter().zip(parts) {
        assert!(line.contains(part), "{line:?} is not {part:?}");
    }
}

#[test]
fn what_was_said_is_not_said_again_in_another_language() {
    let heard = Heard::default();
    let subscriber = tracing_subscriber::registry().with(heard.clone());
    let without_limit = Outcome {
        memory: Some(Err(MemoryError::Unavailable {
            cgroup: "/sys/fs/cgroup/shop".into(),
        })),
        ..came_of(Ok(Workers::Untouched))
    };
    tracing::subscriber::with_default(subscriber, || {
        let (mut reporter, project) = (Reporter::new(Language::En), project());
        for language in [Language::En, Language::Es, Language::En] {
            reporter.set_language(language);
            reporter.outcome(&project, &without_limit);
        }
    });
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.len(), 1, "{heard:#?}");
}
