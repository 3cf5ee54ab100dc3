//! A broker's URL from the environment that a project's main process was started with: so it is the one that the
//! worker itself has, wherever the unit took it from, and a password need not stand in the configuration.

use crate::host::process::Procfs;
use crate::model::{ProcessError, ProcessId, QueueFault, UrlFault};
use crate::observe::measure::queue::address::{Address, Endpoint, RedisAddress};

/// The value of `variable` in the environment of `main`.
///
/// The process may change what it says there at any time (its user owns the memory), and the daemon is root: a Unix
/// socket or a private key, which root could open where that user cannot, is not taken from it.
pub(super) fn url(procfs: &Procfs, main: ProcessId, variable: &str) -> Result<String, QueueFault> {
    let pid = main.pid;
    let environ = procfs.environ(pid).map_err(|error| match error {
        ProcessError::Unreadable { source, .. } if source.is_denied() => {
            QueueFault::EnvironmentForbidden { pid }
        }
        other => unreadable(other),
    })?;
    // Read first, looked at second: what was read is this process's, not that of a later one with its pid.
    if procfs.stat(pid).map_err(unreadable)?.id != main {
        return Err(unreadable(ProcessError::Gone { pid }));
    }
    let value = environ
        .iter()
        .find_map(|entry| entry.strip_prefix(variable)?.strip_prefix('='))
        .filter(|value| !value.is_empty());
    let Some(value) = value else {
        // setproctitle moves the environment away and leaves zeros behind the title.
        return Err(
            if environ.iter().any(|entry| entry.contains('=')) || environ.is_empty() {
                QueueFault::NoVariable {
                    variable: variable.to_owned(),
                    pid,
                }
            } else {
                QueueFault::EnvironmentOverwritten { pid }
            },
        );
    };
    let tls = match Address::parse(value)? {
        Address::Redis(RedisAddress { endpoint, .. }) => match endpoint {
            Endpoint::Unix(_) => {
                let variable = variable.to_owned();
                let why = UrlFault::NamesSocket { variable };
                return Err(QueueFault::BadUrl { why });
            }
            Endpoint::Tls { tls, .. } => Some(tls),
            Endpoint::Tcp { .. } => None,
        },
        Address::Amqp(address) => address.tls,
    };
    if tls.is_some_and(|tls| tls.certificate.is_some() || tls.key.is_some()) {
        let variable = variable.to_owned();
        let why = UrlFault::NamesKey { variable };
        return Err(QueueFault::BadUrl { why });
    }
    Ok(value.to_owned())
}

fn unreadable(error: ProcessError) -> QueueFault {
    QueueFault::EnvironmentUnreadable { why: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fixture::Fixture;
    use crate::model::Language;
    use crate::words::queue_fault;

    const PID: u32 = 10;

    fn read(environ: &str, variable: &str) -> Result<String, QueueFault> {
        let mut host = Fixture::new();
        host.process(PID, 1, &[], "celery");
        host.write("proc/10/environ", environ);
        let main = host.procfs().stat(PID).unwrap().id;
        url(&host.procfs(), main, variable)
    }

    #[test]
    fn the_variable_of_exactly_this_name_counts() {
        let environ = "MY_BROKER_URL=redis://no/0\0BROKER_URL_2=redis://no/0\0BROKER_URL=redis://:s=t@h/0\0";
        assert_eq!(read(environ, "BROKER_URL").unwrap(), "redis://:s=t@h/0");
    }

    #[test]
    fn what_is_missing_is_told_from_what_was_overwritten() {
        let missing = Err(QueueFault::NoVariable {
            variable: "BROKER_URL".into(),
            pid: PID,
        });
        for environ in ["", "PATH=/bin\0", "PATH=/bin\0BROKER_URL=\0"] {
            assert_eq!(read(environ, "BROKER_URL"), missing, "{environ:?}");
        }
        let title = "inProcess] -active- (-A t worker)\0\0\0\0\0";
        let overwritten = Err(QueueFault::EnvironmentOverwritten { pid: PID });
        assert_eq!(read(title, "BROKER_URL"), overwritten);
        assert_eq!(read("\0\0\0", "BROKER_URL"), overwritten);
    }

    #[test]
    fn a_bad_url_or_a_socket_is_refused_without_its_password() {
        for url in [
            "hunter2",
            "sqs://hunter2",
            "unix://:hunter2@/run/r.sock",
            "redis+socket:///r?virtual_host=1",
            "rediss://:hunter2@h/0?ssl_keyfile=/root/key.pem",
            "amqps://u:hunter2@h/v?ssl_certfile=/root/key.pem",
        ] {
            let fault = read(&format!("BROKER_URL={url}\0"), "BROKER_URL").unwrap_err();
            assert!(matches!(fault, QueueFault::BadUrl { .. }), "{url}: {fault:?}");
            assert!(!format!("{} {fault:?}", queue_fault(Language::En, &fault)).contains("hunter2"));
        }
    }

    #[test]
    fn another_process_with_the_pid_is_not_believed() {
        let mut host = Fixture::new();
        host.process(PID, 1, &[], "celery");
        host.write("proc/10/environ", "BROKER_URL=redis://h/0\0");
        let earlier = ProcessId {
            pid: PID,
            start_ticks: 1,
        };
        let fault = url(&host.procfs(), earlier, "BROKER_URL").unwrap_err();
        assert!(
            matches!(fault, QueueFault::EnvironmentUnreadable { .. }),
            "{fault:?}"
        );
    }
}
