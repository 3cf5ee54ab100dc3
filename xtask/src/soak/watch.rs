//! The daemon seen from outside: what it holds, and what it says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use autoscaler::control::{Answer, Client, Command, Status};
use autoscaler_tests::daemon::run_command;
use autoscaler_tests::{Address, until};
use aya::maps::{Array, HashMap, Map, MapData};

use crate::daemon::{cpu, memory};

/// The daemon answers from memory.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time that it has to end.
const END: Duration = Duration::from_secs(30);

/// Words of a place for a connection: a cache line, the first of which is 0 where the place is free (autoscaler-common).
const PLACE_WORDS: usize = 8;

/// The kernel map of connections.
const CONNECTIONS: &str = "PLACES";

/// The running daemon. Dropping it kills it.
pub(super) struct Daemon {
    process: Child,
    home: PathBuf,
}

/// What it holds at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Resident memory, KiB.
    pub(super) resident: u64,
    /// Of that, what is its own and no file's or map's, KiB.
    pub(super) anonymous: u64,
    /// Open file descriptors.
    pub(super) descriptors: usize,
    /// CPU time that it has used.
    pub(super) cpu: Duration,
}

/// How full a kernel map is: entries in use, and room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) used: usize,
    pub(super) room: u32,
}

/// What its metrics tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Told {
    /// Switches that the kernel never reported.
    pub(super) lost_switches: f64,
    /// Slices that found no room in a map.
    pub(super) overflows: f64,
    /// Slices that came out negative.
    pub(super) discarded: f64,
    /// Steps that arrived, and that did not.
    pub(super) steps: f64,
    pub(super) steps_failed: f64,
    /// Requests that the kernel programs have seen answered.
    pub(super) answered: f64,
    /// Checks, and those that saw nothing.
    pub(super) checks: f64,
    pub(super) checks_failed: f64,
    /// Entries that the history has lost.
    pub(super) history_lost: f64,
}

impl Daemon {
    /// Starts `program` with the configuration in `home`, and waits until it answers.
    ///
    /// # Errors
    /// When it does not; the message ends with its log.
    pub(super) fn start(program: &Path, home: &Path, config: &Path) -> Result<Self> {
        let log = fs::File::create(home.join("log"))
            .with_context(|| format!("cannot write in {}", home.display()))?;
        let process = run_command(program, home, config)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start the daemon")?;
        let daemon = Self {
            process,
            home: home.to_owned(),
        };
        until("the daemon to answer", PATIENCE, || daemon.client().ok()).with_context(|| daemon.log())?;
        Ok(daemon)
    }

    /// All that it has logged.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.home.join("log")).unwrap_or_default()
    }

    /// Its log's file.
    pub(super) fn log_file(&self) -> PathBuf {
        self.home.join("log")
    }

    fn client(&self) -> Result<Client> {
        Ok(Client::connect(&self.home.join("run"))?)
    }

    /// How the projects stand.
    pub(super) fn status(&self) -> Result<Box<Status>> {
        match self.client()?.ask_within(Command::Status, PATIENCE)? {
            Answer::Status(status) => Ok(status),
            other => bail!("asked for the status, the daemon answered {other:?}"),
        }
    }

    /// Gives it an order; what it refuses is no fault.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn order(&self, command: Command) -> Result<()> {
        use autoscaler::model::ClientError;
        match self.client()?.ask_within(command, PATIENCE) {
            Ok(_) | Err(ClientError::Refused(_)) => Ok(()),
            Err(error) => bail!("an order: {error:?}"),
        }
    }

    /// What it holds now.
    ///
    /// # Errors
    /// When it has ended: it never should before it is told to.
    pub(super) fn held(&mut self) -> Result<Held> {
        if let Some(status) = self.process.try_wait()? {
            bail!("the daemon ended by itself: {status}\n{}", self.log());
        }
        let pid = self.process.id();
        let memory = memory(pid)?;
        Ok(Held {
            resident: memory.resident,
            anonymous: memory.anonymous,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd"))?.count(),
            cpu: cpu(pid)?,
        })
    }

    /// Bytes of its history, with what is not merged into it yet.
    pub(super) fn history_bytes(&self) -> u64 {
        let parts = ["history.db", "history.db-wal", "history.db-shm"];
        let of = |part| fs::metadata(self.home.join("state").join(part)).map_or(0, |found| found.len());
        parts.into_iter().map(of).sum()
    }

    /// What its metrics tell.
    ///
    /// # Errors
    /// When they are not answered.
    pub(super) fn told(&self) -> Result<Told> {
        let (status, text) = Address::Unix(self.home.join("metrics.sock")).get("/metrics", PATIENCE)?;
        ensure!(status == 200, "the metrics: {status}: {text}");
        Ok(Told::of(&text))
    }

    /// How full the map of cgroups is, and that of connections.
    ///
    /// # Errors
    /// When a map cannot be read.
    pub(super) fn fills(&self) -> Result<[Fill; 2]> {
        let maps = self.maps()?;
        let cgroups = match maps.get("INDEX") {
            Some(map) => {
                let room = map.info()?.max_entries();
                let index: HashMap<_, u64, u32> =
                    HashMap::try_from(Map::HashMap(MapData::from_id(map.info()?.id())?))?;
                let used = index.keys().flatten().count();
                Fill { used, room }
            }
            None => Fill::default(),
        };
        let connections = match maps.get(CONNECTIONS) {
            Some(map) => {
                let room = map.info()?.max_entries();
                let places: Array<_, [u64; PLACE_WORDS]> =
                    Array::try_from(Map::Array(MapData::from_id(map.info()?.id())?))?;
                let used = places
                    .iter()
                    .filter(|place| place.as_ref().is_ok_and(|words| words[0] != 0))
                    .count();
                Fill { used, room }
            }
            None => Fill::default(),
        };
        Ok([cgroups, connections])
    }

    /// Its kernel maps by their names: /proc/PID/fdinfo/FD has a line `map_id:` for each (kernel/bpf/syscall.c,
    /// `bpf_map_show_fdinfo`).
    fn maps(&self) -> Result<BTreeMap<String, MapData>> {
        let folder = format!("/proc/{}/fdinfo", self.process.id());
        let mut maps = BTreeMap::new();
        for entry in fs::read_dir(&folder).with_context(|| folder.clone())? {
            // It may be closed by now.
            let Ok(text) = fs::read_to_string(entry?.path()) else {
                continue;
            };
            let id = text
                .lines()
                .find_map(|line| line.strip_prefix("map_id:")?.trim().parse().ok());
            if let Some(id) = id {
                let map = MapData::from_id(id)?;
                maps.insert(String::from_utf8_lossy(map.info()?.name()).into_owned(), map);
            }
        }
        Ok(maps)
    }

    /// Ends it with SIGTERM.
    ///
    /// # Errors
    /// When it does not end in time, or not with success.
    pub(super) fn end(mut self) -> Result<()> {
        super::signal(self.process.id(), nix::sys::signal::Signal::SIGTERM)?;
        let process = &mut self.process;
        let status = until("the end of the daemon", END, || process.try_wait().transpose())??;
        ensure!(status.success(), "the daemon ended with {status} after SIGTERM");
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Told {
    /// From the text of a scrape; what is not in it is 0.
    fn of(text: &str) -> Self {
        let mut told = Self::default();
        for line in text.lines() {
            let Some((key, value)) = line.rsplit_once(' ') else {
                continue;
            };
            let (name, labels) = key.split_once('{').unwrap_or((key, ""));
            let figure = match name {
                "autoscaler_lost_switches_total" => &mut told.lost_switches,
                "autoscaler_map_overflows_total" => &mut told.overflows,
                "autoscaler_discarded_slices_total" => &mut told.discarded,
                "autoscaler_requests_answered_total" => &mut told.answered,
                "autoscaler_steps_total" if labels.contains(r#"result="done""#) => &mut told.steps,
                "autoscaler_steps_total" => &mut told.steps_failed,
                "autoscaler_checks_total" => &mut told.checks,
                "autoscaler_check_failures_total" => &mut told.checks_failed,
                "autoscaler_history_lost_entries_total" => &mut told.history_lost,
                _ => continue,
            };
            *figure += value.parse::<f64>().unwrap_or(0.0);
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_all_projects_are_added_up_and_descriptions_are_none() {
        let text = "# TYPE autoscaler_steps_total counter\nautoscaler_steps_total{project=\"a\",result=\"done\"} 2.0\n\
            autoscaler_steps_total{project=\"a\",result=\"failed\"} 1.0\nautoscaler_steps_total{project=\"b\",result=\"done\"} 3.0\n\
            autoscaler_lost_switches_total 7.0\n";
        let told = Told::of(text);
        assert_eq!(
            (told.steps, told.steps_failed, told.lost_switches),
            (5.0, 1.0, 7.0)
        );
    }
}
