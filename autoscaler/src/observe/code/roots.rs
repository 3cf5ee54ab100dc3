//! Where a server's workers import their code from, as its process shows.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::walk::Walk;
use crate::host::process::{Procfs, unless_gone};
use crate::host::strangers_file;
use crate::model::ProcessError;

/// Arguments that name a directory of code: gunicorn's, and uvicorn's.
const DIRECTORIES: &[&str] = &["--chdir", "--pythonpath", "--app-dir"];

/// Where gunicorn's configuration is unless `--config` says otherwise (docs, "Configuration File").
const CONFIGURATION: &str = "gunicorn.conf.py";

/// Far more than such a file has, in bytes.
const LARGEST: u64 = 1 << 20;

/// What a server was started with.
#[derive(Debug)]
pub(super) struct Server {
    /// `/proc/PID/root`: paths of the application begin here, also where it runs in a container, or where a sandbox
    /// hides its home from this program.
    root: PathBuf,
    /// `/proc/PID/cwd`, and the path it stands for.
    cwd: (PathBuf, PathBuf),
    arguments: Vec<String>,
    /// `PWD` and `GUNICORN_CMD_ARGS` of its environment.
    pwd: Option<PathBuf>,
    more_arguments: Vec<String>,
}

impl Server {
    pub(super) fn read(procfs: &Procfs, pid: u32) -> Result<Self, ProcessError> {
        let at = |name: &str| procfs.root().join(format!("{pid}/{name}"));
        let environ = unless_gone(procfs.environ(pid))?.unwrap_or_default();
        let variable = |name: &str| {
            let found = environ
                .iter()
                .find_map(|entry| entry.strip_prefix(name)?.strip_prefix('='));
            found.map(str::to_owned)
        };
        let more = variable("GUNICORN_CMD_ARGS").unwrap_or_default();
        Ok(Self {
            root: at("root"),
            cwd: (at("cwd"), PathBuf::from(procfs.link(pid, "cwd")?)),
            arguments: procfs.cmdline(pid)?,
            pwd: variable("PWD").map(PathBuf::from),
            more_arguments: more.split_ascii_whitespace().map(str::to_owned).collect(),
        })
    }

    /// Whether it is gunicorn: by the program, the module or the title.
    pub(super) fn is_gunicorn(&self) -> bool {
        self.arguments
            .iter()
            .take(3)
            .any(|argument| argument.contains("gunicorn"))
    }

    /// See [`super::CodeSource::Master`].
    pub(super) fn preloads(&self) -> bool {
        let arguments = || self.arguments.iter().chain(&self.more_arguments);
        if arguments().any(|argument| argument == "--preload") {
            return true;
        }
        let named = self.values(&["-c", "--config"]).next();
        let file = named.map_or_else(|| PathBuf::from(CONFIGURATION), PathBuf::from);
        self.is_gunicorn()
            && matches!(strangers_file::read(&self.within(&file), LARGEST), Ok(Some(text)) if says_preload(&text))
    }

    /// Shows `walk` all code that a new worker would read.
    pub(super) fn visit(&self, walk: &mut Walk) {
        let (cwd, shown) = &self.cwd;
        // The file system as a whole is nobody's code: a server that is started there names its directory.
        if shown != Path::new("/") {
            walk.below(cwd, shown);
        }
        let named = self.values(DIRECTORIES).flat_map(|value| value.split(','));
        for path in named.map(PathBuf::from).chain(self.pwd.clone()) {
            let path = shown.join(path);
            if path.components().count() > 1 {
                self.links(&path, walk);
                walk.below(&self.within(&path), &path);
            }
        }
        if let Some(packages) = self.packages() {
            walk.one(&self.within(&packages), &packages);
        }
    }

    /// The symbolic links on the way to `path`: a deployment may have put another directory behind one.
    fn links(&self, path: &Path, walk: &mut Walk) {
        let mut way = PathBuf::new();
        for component in path.components() {
            way.push(component);
            let at = self.within(&way);
            if fs::symlink_metadata(&at).is_ok_and(|entry| entry.is_symlink()) {
                walk.one(&at, &way);
            }
        }
    }

    /// The directory of packages of the virtual environment that the interpreter stands in.
    fn packages(&self) -> Option<PathBuf> {
        let environment = Path::new(self.arguments.first()?).parent()?.parent()?;
        if !self.within(&environment.join("pyvenv.cfg")).exists() {
            return None;
        }
        let library = environment.join("lib");
        let version = fs::read_dir(self.within(&library))
            .ok()?
            .flatten()
            .find_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                name.starts_with("python").then_some(name)
            })?;
        Some(library.join(version).join("site-packages"))
    }

    /// The values of the arguments `names`, written as `--name value` or `--name=value`.
    fn values<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let arguments: Vec<&str> = self
            .arguments
            .iter()
            .chain(&self.more_arguments)
            .map(String::as_str)
            .collect();
        let mut values = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            match argument.split_once('=') {
                Some((name, value)) if names.contains(&name) => values.push(value),
                None if names.contains(argument) => values.extend(arguments.get(index + 1)),
                _ => {}
            }
        }
        values.into_iter()
    }

    /// Where `path` of the application is found from here.
    fn within(&self, path: &Path) -> PathBuf {
        if path.is_relative() {
            return self.cwd.0.join(path);
        }
        let below: PathBuf = path
            .components()
            .filter(|component| !matches!(component, Component::RootDir))
            .collect();
        self.root.join(below)
    }
}

/// Whether a gunicorn configuration file sets `preload_app` to true, in a line of its own.
fn says_preload(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).lines().any(|line| {
        let setting = line.split('#').next().unwrap_or_default().split_once('=');
        setting.is_some_and(|(name, value)| name.trim() == "preload_app" && value.trim() == "True")
    })
}
