//! Takes one look after another at the cgroups that are wanted.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};

use crate::export::choice::{Choice, depth};
use crate::export::roll::{Present, Roll};
use crate::export::watched::{Figures, Reading, Watched};
use crate::export::{CgroupScrape, Name, Scrape};
use crate::host::cgroup::{Buffer, CgroupMount, Hierarchy, Place};
use crate::host::process::Procfs;
use crate::host::requests::{self, ROOM, Serving};
use crate::host::usage::{self, CgroupId, Health, Usage, UsageSource};
use crate::metrics::Process;
use crate::model::{CgroupError, ExportNews, RequestLook, SourceKind, SourceNews, UsageFault};

/// Up to so many cgroups, each is looked at as a whole each time: some milliseconds. Beyond, a directory is looked at only if the
/// kernel counts others than are known, or one is missing: one that never ran, and for which another came between two looks,
/// may then stay for some looks.
const FEW: usize = 2000;

/// Of more than [`FEW`], each is looked at for what seldom changes at one look of so many: whether it has a quota, or a memory
/// controller.
const TURNS: u64 = 32;

/// Where the figures come from.
pub struct Opened {
    /// The kernel program; `None` where it cannot be had: then CPU comes from cpu.stat, and there is no run-queue wait.
    program: Option<Box<dyn UsageSource>>,
    serving: Option<Serving>,
    at: SystemTime,
    news: Vec<ExportNews>,
}

impl Opened {
    /// Loads the kernel programs that this host allows, with `requests` those that see requests as well.
    #[must_use]
    pub fn open(requests: bool) -> Self {
        let mut news = Vec::new();
        let at = SystemTime::now();
        let (source, why) = usage::open();
        news.extend(why.map(|why| ExportNews::WithoutProgram { why }));
        let serving = requests
            .then(|| requests::open(ROOM))
            .and_then(|opened| match opened {
                Ok(watch) => Some(Serving::new(watch)),
                Err(why) => {
                    news.push(ExportNews::WithoutRequests { why });
                    None
                }
            });
        Self {
            program: Some(source).filter(|source| source.kind() == SourceKind::Ebpf),
            serving,
            at,
            news,
        }
    }

    /// No kernel program.
    #[must_use]
    pub fn without_programs() -> Self {
        Self {
            program: None,
            serving: None,
            at: SystemTime::now(),
            news: Vec::new(),
        }
    }
}

/// Looks at the cgroups that are wanted.
pub struct Looker {
    hierarchy: Hierarchy,
    choice: Choice,
    roll: Roll,
    opened: Opened,
    booted_at: SystemTime,
    started_at: SystemTime,
    watched: Vec<Watched>,
    /// Directory and id of each.
    dirs: Vec<PathBuf>,
    /// See `dirs`.
    ids: Vec<CgroupId>,
    looks: u64,
    last: Option<SystemTime>,
    /// Whether one of them had gone at the last look.
    missing: bool,
    most_open: usize,
    buffer: Box<Buffer>,
    told: Told,
}

/// What has been told: each once.
#[derive(Debug, Default)]
struct Told {
    left_out: bool,
    requests_left_out: bool,
    unread: bool,
}

impl Looker {
    /// A looker at the cgroups of this host that `choice` wants, at most `limit`.
    ///
    /// # Errors
    /// When there is no cgroup v2 hierarchy, or it cannot be read.
    pub fn new(choice: Choice, limit: usize, opened: Opened) -> Result<Self> {
        let mount = CgroupMount::discover(&Procfs::default())?;
        let hierarchy =
            Hierarchy::new(mount.path(), mount.path()).map_err(|error| CgroupError::Unreadable {
                path: mount.path().to_owned(),
                source: error.into(),
            })?;
        let mut looker = Self {
            hierarchy,
            choice,
            roll: Roll::new(limit),
            opened,
            booted_at: booted_at(),
            started_at: SystemTime::now(),
            watched: Vec::new(),
            dirs: Vec::new(),
            ids: Vec::new(),
            looks: 0,
            last: None,
            missing: false,
            most_open: most_open(),
            buffer: Box::new([0; 1024]),
            told: Told::default(),
        };
        looker.list();
        Ok(looker)
    }

    /// What there is to tell since this was last asked.
    pub fn news(&mut self) -> Vec<ExportNews> {
        std::mem::take(&mut self.opened.news)
    }

    /// Takes a look now. What fails in part is told in [`Self::news`].
    ///
    /// # Errors
    /// When the hierarchy, or the kernel program as a whole, cannot be read.
    pub fn look(&mut self) -> Result<Scrape> {
        let taken_at = SystemTime::now();
        // Every directory, where that is cheap: one that has gone has no series from now on, whatever came in its place.
        let few = self.watched.len() <= FEW;
        if self.hierarchy.refresh(few || self.missing)? {
            self.list();
        }
        let usage = self.usage()?;
        let mut requests = self.requests();
        let figures = self.figures(usage.as_deref(), few);
        self.missing = figures.iter().any(Option::is_none);
        let cgroups = figures
            .into_iter()
            .zip(&self.watched)
            .filter_map(|(figures, watched)| {
                let Figures {
                    cpu_ns,
                    wait_ns,
                    quota,
                    memory,
                } = figures?;
                Some(CgroupScrape {
                    name: Arc::clone(&watched.name),
                    cpu_ns,
                    wait_ns,
                    quota,
                    memory,
                    requests: requests.remove(&watched.id).map(Box::new),
                })
            });
        let cgroups = cgroups.collect();
        self.looks += 1;
        self.last = Some(taken_at);
        let program = self.opened.program.as_ref();
        Ok(Scrape {
            taken_at,
            booted_at: self.booted_at,
            opened_at: self.opened.at,
            source: program.map_or(SourceKind::CpuStat, |program| program.kind()),
            health: program.map_or_else(Health::default, |program| program.health()),
            requests_way: self.opened.serving.as_ref().map(Serving::way),
            left_out: self.roll.left_out(),
            process: Process::own(self.started_at),
            cgroups,
        })
    }

    /// Lists the cgroups anew: who goes on to be there keeps what is known of it.
    fn list(&mut self) {
        let mut wanted: Vec<(Present, Arc<Place>)> = Vec::new();
        let choice = &self.choice;
        self.hierarchy.for_each(|_, id, place| {
            if choice.wants(&place.path) {
                let depth = depth(&place.path);
                wanted.push((Present { id, depth }, Arc::clone(place)));
            }
        });
        let present: Vec<Present> = wanted.iter().map(|(present, _)| *present).collect();
        self.roll.call(&present, self.last);
        let mut known: HashMap<CgroupId, Watched> = std::mem::take(&mut self.watched)
            .into_iter()
            .map(|watched| (watched.id, watched))
            .collect();
        for (Present { id, .. }, place) in wanted {
            if self.roll.has(id) {
                let since = self.roll.since(id);
                let known = known
                    .remove(&id)
                    .filter(|watched| watched.place.path == place.path);
                let watched = known.unwrap_or_else(|| {
                    let name = Name::new(place.path.clone(), since);
                    Watched::new(id, place, name)
                });
                self.watched.push(watched);
            }
        }
        self.dirs = self.watched.iter().map(|one| one.place.dir.clone()).collect();
        self.ids = self.watched.iter().map(|one| one.id).collect();
        if self.roll.left_out() > 0 && !std::mem::replace(&mut self.told.left_out, true) {
            self.opened.news.push(ExportNews::LeftOut {
                count: self.roll.left_out(),
                limit: self.roll.limit(),
            });
        }
    }

    /// What the kernel program has counted of each; `None` without it.
    fn usage(&mut self) -> Result<Option<Vec<Option<Usage>>>> {
        let Some(program) = &mut self.opened.program else {
            return Ok(None);
        };
        let reading = program.read_listed(&self.dirs, &self.ids)?;
        ensure!(
            reading.usage.len() == self.ids.len(),
            "asked for the usage of {} cgroups and got {}",
            self.ids.len(),
            reading.usage.len()
        );
        for news in program.news() {
            if matches!(news, SourceNews::NoRoom { .. }) {
                self.opened.news.push(ExportNews::Source(news));
            }
        }
        Ok(Some(reading.usage))
    }

    /// The figures of each; `None` where it has gone.
    fn figures(&mut self, usage: Option<&[Option<Usage>]>, few: bool) -> Vec<Option<Figures>> {
        let mut open: usize = self.watched.iter().map(Watched::open_files).sum();
        let turn = self.looks % TURNS;
        let mut fault = None;
        let mut all = Vec::with_capacity(self.watched.len());
        for (index, watched) in self.watched.iter_mut().enumerate() {
            let mut reading = Reading {
                // Two files at most.
                keep: open + 2 <= self.most_open,
                turn: watched.is_fresh() || few || index as u64 % TURNS == turn,
                buffer: &mut self.buffer,
                fault: &mut fault,
            };
            let before = watched.open_files();
            let figures = match usage {
                Some(usage) => {
                    let counted = usage.get(index).copied().flatten();
                    let counted = counted.filter(|counted| counted.id == watched.id);
                    counted.and_then(|counted| watched.by_program(&counted, &mut reading))
                }
                None => watched.by_stat(&mut reading),
            };
            open = (open + watched.open_files()).saturating_sub(before);
            all.push(figures);
        }
        if let Some(error) = fault
            && !std::mem::replace(&mut self.told.unread, true)
        {
            self.opened.news.push(ExportNews::Unread {
                why: UsageFault::Cgroup(error),
            });
        }
        all
    }

    /// The requests of those that serve any; of none where they are not wanted or cannot be seen.
    fn requests(&mut self) -> HashMap<CgroupId, RequestLook> {
        let Some(serving) = &mut self.opened.serving else {
            return HashMap::new();
        };
        let looked = serving.look(self.watched.iter().map(|one| (one.id, &one.place)));
        let left_out = serving.left_out();
        if left_out > 0 && !std::mem::replace(&mut self.told.requests_left_out, true) {
            let room = ROOM;
            self.opened.news.push(ExportNews::RequestsLeftOut {
                count: left_out,
                room,
            });
        }
        match looked {
            Ok(mut requests) => {
                requests.retain(|_, look| look.is_any());
                requests
            }
            Err(error) => {
                if !std::mem::replace(&mut self.told.unread, true) {
                    let why = UsageFault::from(error);
                    self.opened.news.push(ExportNews::Unread { why });
                }
                HashMap::new()
            }
        }
    }
}

/// When the host was booted: by what `CLOCK_BOOTTIME` says now (`clock_gettime(2)`).
fn booted_at() -> SystemTime {
    let since = clock_gettime(ClockId::CLOCK_BOOTTIME).map(Duration::from);
    let now = SystemTime::now();
    now.checked_sub(since.unwrap_or_default()).unwrap_or(now)
}

/// Lets the process keep as many files open as it may, and gives how many of them may be of cgroups: half. Where there is no
/// room to keep them open, reading them costs more.
fn most_open() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return 0;
    };
    let most = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).map_or(soft, |()| hard);
    usize::try_from(most / 2).unwrap_or(usize::MAX)
}
