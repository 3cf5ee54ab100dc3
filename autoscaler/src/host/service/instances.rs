//! The numbered instances of a template unit (systemd.unit(5)): which there are, and which of them run.

use crate::host::process::{Procfs, unless_gone};
use crate::host::service::Unit;
use crate::model::{ProcessId, ReadFault, Unobservable};

/// An instance `NAME@N.service` of the template `NAME@.service`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// N.
    pub number: u32,
    /// The full name of its unit.
    pub name: String,
    /// The unit.
    pub unit: Unit,
}

/// The parts of a template's name before and after the instance's.
fn halves(template: &str) -> Option<(&str, &str)> {
    let (before, after) = template.split_once('@')?;
    after.starts_with('.').then_some((before, after))
}

/// N, if `unit` is the instance N of `template`: 1 and up, without zeros in front. Instances of other names, such
/// as `NAME@beat.service`, are somebody's own and neither counted nor touched.
#[must_use]
pub fn number_of(template: &str, unit: &str) -> Option<u32> {
    let (before, after) = halves(template)?;
    let written = unit
        .strip_prefix(before)?
        .strip_prefix('@')?
        .strip_suffix(after)?;
    let number = written.parse().ok().filter(|number| *number > 0)?;
    (name_of(template, number).as_deref() == Some(unit)).then_some(number)
}

/// The full name of the instance `number`; `None` if `template` is none.
#[must_use]
pub fn name_of(template: &str, number: u32) -> Option<String> {
    let (before, after) = halves(template)?;
    Some(format!("{before}@{number}{after}"))
}

/// The instances that are up, each with its main process, the oldest first.
///
/// # Errors
/// When the main process of one that is up is not known, or cannot be read: it could not be counted.
pub fn running(
    procfs: &Procfs,
    instances: Vec<Instance>,
) -> Result<Vec<(ProcessId, Instance)>, Unobservable> {
    let mut running = Vec::with_capacity(instances.len());
    for instance in instances.into_iter().filter(|instance| instance.unit.is_up()) {
        let Some(pid) = instance.unit.main_pid else {
            let unit = instance.name;
            return Err(ReadFault::NoMainProcess { unit }.into());
        };
        let live = unless_gone(procfs.stat(pid))?.filter(|stat| stat.state.is_live());
        // One that ended a moment ago is no longer up either.
        running.extend(live.map(|stat| (stat.id, instance)));
    }
    running.sort_by_key(|(main, _)| (main.start_ticks, main.pid));
    Ok(running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fixture::Fixture;

    #[test]
    fn only_numbered_instances_of_the_template_are_its_workers() {
        let number = |unit| number_of("celery@.service", unit);
        assert_eq!(number("celery@1.service"), Some(1));
        assert_eq!(number("celery@12.service"), Some(12));
        for other in [
            "celery@.service",
            "celery@0.service",
            "celery@01.service",
            "celery@+1.service",
            "celery@beat.service",
            "celery.service",
            "mycelery@1.service",
            "celery@1.timer",
        ] {
            assert_eq!(number(other), None, "{other}");
        }
        assert_eq!(number_of("celery.service", "celery@1.service"), None);
        assert_eq!(name_of("celery@.service", 3).as_deref(), Some("celery@3.service"));
    }

    fn instance(number: u32, state: &str, main_pid: Option<u32>) -> Instance {
        Instance {
            number,
            name: format!("celery@{number}.service"),
            unit: Unit {
                active_state: state.into(),
                main_pid,
                control_group: None,
            },
        }
    }

    #[test]
    fn those_that_are_up_come_oldest_first() {
        let mut host = Fixture::new();
        for pid in [10, 11, 12, 13] {
            host.process(pid, 1, &[], "celery");
        }
        let instances = vec![
            instance(3, "active", Some(10)),
            instance(1, "active", Some(12)),
            instance(2, "deactivating", Some(11)),
            instance(4, "failed", None),
            instance(5, "active", Some(99)),
        ];
        let numbers: Vec<u32> = running(&host.procfs(), instances)
            .unwrap()
            .into_iter()
            .map(|(_, instance)| instance.number)
            .collect();
        assert_eq!(numbers, [3, 1], "one that stops no longer counts");
    }

    #[test]
    fn one_that_cannot_be_counted_is_an_error() {
        let host = Fixture::new();
        let error = running(&host.procfs(), vec![instance(1, "active", None)]).unwrap_err();
        assert!(format!("{error:?}").contains("celery@1.service"), "{error:?}");
    }
}
