//! The API server and its etcd, below `target/kubernetes`, made once; and the rest of a cluster, where a guest is to be one.
//!
//! Kubernetes 1.20 is the newest whose sources Debian has whole; of later ones it packs kubectl alone. It is compiled with the Go of the
//! same release of Debian, which is younger than it ([`repair`]). Nothing is installed: with its package etcd would begin to run as a
//! service of this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::venv::target_dir;

use super::{IMPOSSIBLE, openapi, repair};
use crate::arch::Arch;
use crate::archive::{self, Archive};
use crate::command::output;
use crate::sha256::sha256;

/// The release of Debian.
const SUITE: &str = "bookworm";

/// What its sources are of.
const VERSION: &str = "1.20.2";

/// Go's compiler and its standard library.
const GO: [&str; 2] = ["golang-1.19-go", "golang-1.19-src"];

/// What the server keeps its objects in.
const ETCD: &str = "etcd-server";

/// What a copy of the sources' own is replaced by.
const REFLECT: &str = "golang-github-modern-go-reflect2-dev";

/// Without the clouds' own code: much to compile, and it says nothing of manifests.
const TAGS: &str = "providerless";

/// What holds a pod's namespaces and waits: its source, and Kubernetes' own way to compile it (build/pause/Makefile).
const PAUSE: (&str, [&str; 2]) = ("build/pause/linux/pause.c", ["-Os", "-static"]);

/// The programs.
pub(super) struct Programs {
    /// etcd.
    pub(super) etcd: PathBuf,
    /// kube-apiserver.
    pub(super) server: PathBuf,
}

/// What else a cluster of one node consists of, but for the runtime of its containers. None of them asks for a library.
pub(super) struct Cluster {
    /// The server and its etcd.
    pub(super) base: Programs,
    /// kube-controller-manager.
    pub(super) controllers: PathBuf,
    /// kube-scheduler.
    pub(super) scheduler: PathBuf,
    /// kubelet.
    pub(super) kubelet: PathBuf,
    /// What a pod is before it has containers.
    pub(super) pause: PathBuf,
}

/// Makes the programs, unless they are there.
///
/// # Errors
/// When what they are made of cannot be had, which begins with [`IMPOSSIBLE`], or does not compile.
pub(super) fn ensure() -> Result<Programs> {
    let home = std::path::absolute(target_dir().join("kubernetes"))?;
    let programs = Programs {
        etcd: home.join("packages/usr/bin/etcd"),
        server: home.join("kube-apiserver"),
    };
    // Written last: what was cut short has none.
    let stamp = home.join("made");
    let repairs = sha256(include_bytes!("repair.rs"));
    let recipe = format!("{SUITE} {VERSION} {GO:?} {ETCD} {REFLECT} {TAGS} {repairs}");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == recipe) {
        return Ok(programs);
    }
    let begun = Instant::now();
    println!("making the API server of Kubernetes {VERSION}, once (some minutes)");
    let workshop = Workshop { home: &home };
    if stamp.exists() {
        fs::remove_file(&stamp).with_context(|| format!("cannot remove {}", stamp.display()))?;
    }
    workshop.fetch().context(IMPOSSIBLE)?;
    repair::mend(&workshop.tree(), &workshop.packages())?;
    openapi::write(&workshop.tree(), &workshop.gopath(), || workshop.go())
        .context("what the API server publishes cannot be written")?;
    workshop.compile("kube-apiserver", &programs.server)?;
    fs::write(&stamp, recipe).with_context(|| format!("cannot write {}", stamp.display()))?;
    println!("made in {:.0} s", begun.elapsed().as_secs_f64());
    Ok(programs)
}

/// Makes the programs of a cluster, unless they are there.
///
/// # Errors
/// As [`ensure`], whose sources they are made of.
pub(super) fn cluster() -> Result<Cluster> {
    let base = ensure()?;
    let home = std::path::absolute(target_dir().join("kubernetes"))?;
    let workshop = Workshop { home: &home };
    let folder = workshop.cluster();
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // Written beside and renamed when whole: what was cut off is made again.
    let made = |name: &str, make: &dyn Fn(&Path) -> Result<()>| -> Result<PathBuf> {
        let (program, unfinished) = (folder.join(name), folder.join("unfinished"));
        if !program.exists() {
            make(&unfinished)?;
            fs::rename(&unfinished, &program)
                .with_context(|| format!("cannot rename {}", unfinished.display()))?;
        }
        Ok(program)
    };
    let compiled = |name: &str| made(name, &|path| workshop.compile(name, path));
    Ok(Cluster {
        base,
        controllers: compiled("kube-controller-manager")?,
        scheduler: compiled("kube-scheduler")?,
        kubelet: compiled("kubelet")?,
        pause: made("pause", &|path| workshop.compile_pause(path))?,
    })
}

/// Where they are made.
struct Workshop<'a> {
    home: &'a Path,
}

impl Workshop<'_> {
    /// What packages hold, as it would be installed.
    fn packages(&self) -> PathBuf {
        self.home.join("packages")
    }

    fn gopath(&self) -> PathBuf {
        self.home.join("gopath")
    }

    /// The programs of [`cluster`].
    fn cluster(&self) -> PathBuf {
        self.home.join("cluster")
    }

    /// The sources, which find themselves by this path.
    fn tree(&self) -> PathBuf {
        self.gopath().join("src/k8s.io/kubernetes")
    }

    /// Brings the sources and the packages anew.
    fn fetch(&self) -> Result<()> {
        let (downloads, sources) = (self.home.join("downloads"), self.home.join("sources"));
        for folder in [
            &downloads,
            &sources,
            &self.packages(),
            &self.gopath(),
            &self.cluster(),
        ] {
            if folder.exists() {
                fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
            }
        }
        let above = self.gopath().join("src/k8s.io");
        for folder in [&downloads, &sources, &self.packages(), &above] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        println!("  fetching sources, Go and etcd from Debian's {SUITE} …");
        let suite = Archive::of_this_host()?.with_sources(SUITE, Arch::host()?, self.home)?;
        for package in GO.iter().chain([&ETCD, &REFLECT]) {
            suite.download(package, &downloads)?;
        }
        for package in entries(&downloads)? {
            archive::unpack(&package, &self.packages())?;
        }
        suite.source("kubernetes", &sources)?;
        let unpacked = entries(&sources)?.into_iter().find(|path| path.is_dir());
        let unpacked = unpacked.with_context(|| format!("no sources in {}", sources.display()))?;
        fs::rename(&unpacked, self.tree()).with_context(|| format!("cannot move {}", unpacked.display()))?;
        for scrap in [&downloads, &sources] {
            fs::remove_dir_all(scrap).with_context(|| format!("cannot remove {}", scrap.display()))?;
        }
        Ok(())
    }

    /// A go command for the sources, in their folder.
    fn go(&self) -> Command {
        let root = self.packages().join("usr/lib/go-1.19");
        let mut go = Command::new(root.join("bin/go"));
        go.current_dir(self.tree())
            .env("GOROOT", root)
            .env("GOPATH", self.gopath())
            .env("GOCACHE", self.home.join("cache"))
            // What is vendored is all there: nothing is asked for elsewhere.
            .env("GO111MODULE", "off")
            .env("CGO_ENABLED", "0")
            // A person's own settings.
            .env("GOENV", "off")
            .env_remove("GOFLAGS");
        go
    }

    fn compile_pause(&self, program: &Path) -> Result<()> {
        let (source, options) = PAUSE;
        let mut cc = Command::new("cc");
        cc.args(options).arg("-o").arg(program).arg(source);
        output(cc.current_dir(self.tree())).context("pause does not compile")?;
        Ok(())
    }

    /// Compiles the program `name` of the sources to the file `program`.
    fn compile(&self, name: &str, program: &Path) -> Result<()> {
        println!("  compiling {name} {VERSION} …");
        let (major, rest) = VERSION.split_once('.').unwrap_or_default();
        let (minor, _) = rest.split_once('.').unwrap_or_default();
        // The version stands in two packages, and kubectl goes by it. Without its symbols the program is a third smaller.
        let versions = ["client-go/pkg/version", "component-base/version"].map(|package| {
            let package = format!("k8s.io/kubernetes/vendor/k8s.io/{package}");
            format!("-X {package}.gitVersion=v{VERSION} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
        });
        let linker = format!("-s -w {}", versions.join(" "));
        output(
            self.go()
                .args(["build", "-tags", TAGS, "-ldflags", &linker, "-o"])
                .arg(program)
                .arg(format!("./cmd/{name}")),
        )
        .with_context(|| format!("{name} does not compile"))?;
        ensure!(program.is_file(), "go left no {}", program.display());
        Ok(())
    }
}

/// What is in a folder.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect()
}
