//! Where the history is: for the commands that read it, run the daemon or check it.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::config;
use crate::history::{HistoryReader, default_path};
use crate::model::{Config, DEFAULT_PATH, LoadError};
use crate::words::NotInHistory;

/// Where a daemon keeps what lasts.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct StateDir {
    /// Where the history is kept, unless the configuration names another place
    #[arg(
        long,
        value_name = "DIR",
        env = "STATE_DIRECTORY",
        default_value = "/var/lib/autoscaler"
    )]
    pub(super) state_dir: PathBuf,
}

/// Which history is read.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Store {
    /// The history itself, in place of the one that the configuration names
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,
    #[command(flatten)]
    state_dir: StateDir,
}

/// The configuration, for what only needs to know where the history is.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// The configuration, which says where the history is [default: /etc/autoscaler/config.json if it can be read]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    store: Store,
}

impl Store {
    /// Opens the history, where it holds `project`.
    pub(super) fn open(&self, config: Option<&Config>, project: &str) -> Result<HistoryReader> {
        let configured = config.and_then(|config| config.global.history.path.clone());
        let path = self.store.clone().or(configured);
        let path = path.unwrap_or_else(|| default_path(&self.state_dir.state_dir));
        let reader = HistoryReader::open(&path)?;
        let names = reader.projects()?;
        if names.iter().any(|name| name == project) {
            return Ok(reader);
        }
        bail!(NotInHistory {
            project: project.to_owned(),
            names
        })
    }
}

impl Place {
    /// The configuration's file.
    pub(super) fn path(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(DEFAULT_PATH))
    }

    /// The configuration. One that was not asked for may be missing, and be wrong where it is not needed.
    pub(super) fn config(&self) -> Result<Option<Config>> {
        let path = self.path();
        let asked = self.config.is_some();
        match config::load(path) {
            Ok(loaded) => Ok(Some(loaded.config)),
            Err(_) if !asked && self.store.store.is_some() => Ok(None),
            Err(LoadError::NotFound { .. } | LoadError::Unreadable { .. }) if !asked => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the history, where it holds `project`.
    pub(super) fn open(&self, config: Option<&Config>, project: &str) -> Result<HistoryReader> {
        self.store.open(config, project)
    }
}
