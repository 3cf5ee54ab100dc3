//! The start: the sources are opened, and what an earlier daemon held is taken over.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use anyhow::Result;
use tokio::sync::watch;

use crate::act::{self, ActOptions, Actor};
use crate::config::Loaded;
use crate::daemon::board::Board;
use crate::daemon::check::{Checks, Ongoing};
use crate::daemon::gather::Gathered;
use crate::daemon::keep::Keeper;
use crate::daemon::orders::Orders;
use crate::daemon::policy::Policy;
use crate::daemon::promises::Promises;
use crate::daemon::scrape::Exporter;
use crate::daemon::state_file::{LeftBehind, StateFile};
use crate::daemon::steps::Steps;
use crate::daemon::{Options, RunMode, memory};
use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::host::requests;
use crate::host::service::{Bus, Systemd};
use crate::host::usage::{self, UsageSource};
use crate::model::WhyNotEbpf;
use crate::observe::{Observer, OpenRequests};
use crate::report::Reporter;
use crate::words::Message;

/// Where a daemon looks.
pub(super) struct Sources {
    pub(super) procfs: Procfs,
    pub(super) usage: Box<dyn UsageSource>,
    pub(super) without_ebpf: Option<WhyNotEbpf>,
    pub(super) requests: OpenRequests,
}

impl Sources {
    /// The host's own.
    fn open() -> Self {
        let (usage, without_ebpf) = usage::open();
        memory::give_back();
        Self {
            procfs: Procfs::default(),
            usage,
            without_ebpf,
            requests: Box::new(|services| {
                let opened = requests::open(services);
                memory::give_back();
                opened
            }),
        }
    }
}

impl Checks {
    /// A daemon that looks at this host, and takes over what an earlier one held.
    pub(super) fn start(loaded: Loaded, options: &Options) -> Result<Self> {
        Self::looking_at(Sources::open(), loaded, options)
    }

    /// The same, looking at `sources`.
    pub(super) fn looking_at(sources: Sources, loaded: Loaded, options: &Options) -> Result<Self> {
        let bus = Bus::default();
        let systemd = Systemd::new(bus.clone());
        let mut checks = Self {
            reporter: Reporter::new(loaded.config.global.language),
            observer: Observer::at(sources.procfs, systemd, sources.usage, sources.requests),
            without_ebpf: sources.without_ebpf,
            policy: Policy::default(),
            orders: Orders::default(),
            asked: BTreeMap::new(),
            waiting: BTreeSet::new(),
            board: Board::default(),
            // Nothing is kept of a dry run or of a single check.
            keeper: Keeper::new(
                &options.state_dir,
                !options.dry_run && options.mode == RunMode::Daemon,
            ),
            gathered: Gathered::default(),
            promises: Promises::default(),
            published: watch::Sender::default(),
            steps: Steps::new(actor(options, bus.clone())?),
            bus,
            exporter: Exporter::default(),
            state_file: StateFile::new(&options.runtime_dir),
            dry_run: options.dry_run,
            ongoing: Ongoing::default(),
            speaking: None,
            started_at: SystemTime::now(),
            starting: Vec::new(),
            awaited: BTreeMap::new(),
            config: loaded.config,
            followed_at: None,
        };
        for notice in &loaded.notices {
            checks.reporter.say(&Message::Notice { notice });
        }
        match checks.state_file.load(checks.interval()) {
            Ok(LeftBehind { states, orders }) => {
                checks.policy.resume(states);
                checks.orders = orders;
                checks.orders.retain(|name| checks.config.may_have(name));
            }
            Err(error) => checks.reporter.say(&Message::StateIgnored {
                path: checks.state_file.path(),
                why: &error,
            }),
        }
        checks.keep();
        if options.mode == RunMode::Daemon {
            checks.exporter.serve(checks.config.global.metrics.as_ref());
        }
        Ok(checks)
    }
}

fn actor(options: &Options, bus: Bus) -> Result<Actor> {
    let procfs = Procfs::default();
    let mount = CgroupMount::discover(&procfs)?;
    let mode = ActOptions {
        dry_run: options.dry_run,
        ..ActOptions::default()
    };
    Ok(Actor::new(procfs, mount, Some(act::UnitControl::new(bus)), mode))
}
