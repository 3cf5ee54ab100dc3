//! The loop that walks observe → decide → act → report.
//!
//! Steps that wait for a worker to come or go run beside the loop, so that one slow project delays no other
//! and the watchdog hears from the loop itself.

mod board;
mod boots;
mod check;
mod cycle;
mod early;
mod gather;
mod holds;
mod instances;
mod keep;
mod lock;
mod memory;
mod notify;
mod orders;
mod policy;
mod promises;
mod reload;
mod requests;
mod schedules;
mod scrape;
mod start;
mod state_file;
mod status;
mod steps;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use check::Checks;
use early::{EarlyLooks, SETTLE};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout_at};

use crate::config::{self, Change, Watch};
use crate::control::{Call, Desk, Socket, serve};
use crate::model::Language;
use crate::words::StartFault;

/// How `autoscaler run` was called.
#[derive(Debug, Clone)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// Where the lock and the held times are kept.
    pub runtime_dir: PathBuf,
    /// Where the history is kept, unless the configuration names another place.
    pub state_dir: PathBuf,
    /// Stop short of every signal and write.
    pub dry_run: bool,
    /// The language of the log, in place of the configuration's.
    pub language: Option<Language>,
    /// One check, or checks without end.
    pub mode: RunMode,
}

/// One check, or checks without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunMode {
    /// Until SIGTERM.
    Daemon,
    /// Measure, decide once, say why, end.
    Once,
}

/// Calls that may wait for the loop; who comes later waits in the server.
const CALLS: usize = 32;

/// How often the configuration file is looked at for changes.
const CONFIG_LOOK: Duration = Duration::from_secs(2);

/// The shortest cadence of a project with a promise.
const PULSE: Duration = Duration::from_secs(1);

/// How often memory that is not in use is given back, which takes 0.3 ms.
const GIVE_BACK: Duration = Duration::from_mins(10);

/// The longest that `--once` measures.
const ONCE_WINDOW: Duration = Duration::from_secs(5);

/// Runs the daemon until it is told to end.
///
/// # Errors
/// When it cannot start: no usable configuration ([`config::LoadError`]), another daemon, no runtime
/// directory. Once started, what fails degrades its own part only.
pub async fn run(options: Options) -> Result<()> {
    memory::share_one_heap();
    // A dry run changes nothing and may look beside a running daemon.
    let _lock = if options.dry_run {
        None
    } else {
        Some(lock::take(&options.runtime_dir)?)
    };
    let watch = Watch::new(&options.config);
    let loaded = config::load(&options.config).map(|loaded| loaded.speaking(options.language))?;
    let mut checks = Checks::start(loaded, &options)?;
    checks.find_instances().await;
    match options.mode {
        RunMode::Once => once(&mut checks).await,
        RunMode::Daemon => daemon(checks, watch, &options).await,
    }
}

async fn once(checks: &mut Checks) -> Result<()> {
    checks.baseline().await?;
    let end = Instant::now() + checks.interval().min(ONCE_WINDOW);
    let mut pulses = every(PULSE);
    while timeout_at(end, pulses.tick()).await.is_ok() {
        checks.take_pulses();
    }
    checks.once().await
}

async fn daemon(mut checks: Checks, mut watch: Watch, options: &Options) -> Result<()> {
    let mut terminate = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hangup = listen(SignalKind::hangup())?;
    let mut looks = every(CONFIG_LOOK);
    let watchdog = notify::watchdog_interval();
    let mut alive = every(watchdog.unwrap_or(Duration::from_hours(1)));
    let mut due = every(checks.interval());
    let mut pulses = every(PULSE);
    let mut unused = every(GIVE_BACK);

    let mut unit_events = checks.unit_events();
    let mut early = EarlyLooks::default();

    let (server, mut calls) = control(&checks, options);
    checks.say_started();
    notify::ready(checks.line());
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = due.tick() => {
                checks.timed_check().await;
                early.checked();
                notify::status(checks.line());
            }
            _ = pulses.tick(), if checks.has_promises() => checks.pulse().await,
            happened = checks.happened() => checks.handle(happened).await,
            unit = unit_events.next(), if checks.use_systemd() => {
                // A check that comes as soon sees it as well.
                if checks.interval() > SETTLE {
                    checks.projects_of(&unit).into_iter().for_each(|project| early.ask(project));
                }
            }
            project = early.next() => checks.look_early(&project).await,
            Some(call) = calls.recv() => checks.call(call).await,
            _ = alive.tick() => notify::alive(),
            _ = unused.tick() => memory::give_back(),
            _ = hangup.recv() => {
                watch.acknowledge();
                reload(&mut checks, &watch, &mut due, options.language).await;
            }
            _ = looks.tick() => match watch.look() {
                Some(Change::Changed) => reload(&mut checks, &watch, &mut due, options.language).await,
                Some(Change::Vanished) => checks.say_config_gone(watch.path()),
                None => {}
            }
        }
        for project in checks.take_starting() {
            // A check that comes as soon sees it as well.
            if checks.interval() > SETTLE {
                early.follow(project);
            }
        }
    }
    notify::stopping();
    server.abort();
    checks.stop();
    Ok(())
}

/// Starts the control socket's server beside the loop. Without a socket the channel stays silent.
fn control(checks: &Checks, options: &Options) -> (JoinHandle<()>, mpsc::Receiver<Call>) {
    let (sender, calls) = mpsc::channel(CALLS);
    let desk = Desk {
        status: checks.subscribe(),
        calls: sender,
    };
    // A dry run holds no lock: the socket of a daemon that runs beside it is not its own.
    let server = match Socket::bind(&options.runtime_dir, !options.dry_run) {
        Ok(socket) => tokio::spawn(serve(socket, desk)),
        Err(why) => {
            checks.say_no_control(&why);
            tokio::spawn(async {})
        }
    };
    (server, calls)
}

/// Puts the configuration on disk in force if it can be used.
async fn reload(checks: &mut Checks, watch: &Watch, due: &mut Interval, language: Option<Language>) {
    notify::reloading();
    let before = checks.interval();
    let loaded = config::load(watch.path()).map(|loaded| loaded.speaking(language));
    checks.reload(loaded).await;
    if checks.interval() != before {
        *due = every(checks.interval());
    }
    notify::ready(checks.line());
}

fn every(period: Duration) -> Interval {
    let mut interval = interval(period);
    // After a stop (SIGSTOP, a suspended host) one late check covers the whole gap; a burst would cover nothing.
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

fn listen(kind: SignalKind) -> Result<Signal, StartFault> {
    signal(kind).map_err(StartFault::Signals)
}
