//! The programs of the system that the project's tests, demos and benches run, and the packages that hold them.
//!
//! The one list of them: a test asks [`require`] for what it runs, and `cargo xtask` installs what is missing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::privilege;

/// Something of the system that is not part of every installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// `apt-ftparchive`: the lists of an apt repository.
    AptUtils,
    /// A C compiler, which links everything: where none is, `xtask/linker` brings it before this program can.
    Cc,
    /// A C++ compiler, which makes libFuzzer.
    Cxx,
    /// The message bus that systemd is asked over.
    Dbus,
    /// `mke2fs` and `debugfs`: the guest's disks.
    E2fsprogs,
    /// `dpkg-deb`: packages of other suites are unpacked by it.
    Dpkg,
    /// `dpkg-source`, by which `apt-get source` unpacks.
    DpkgDev,
    /// `mmdebstrap`: the guest's root file system.
    Mmdebstrap,
    /// A C compiler for 64-bit ARM, on another machine.
    CcAarch64,
    /// GnuPG: signs what is released.
    Gpg,
    /// `ip`: networks of their own, and the ways between them.
    Iproute,
    /// nginx, which most servers stand behind.
    Nginx,
    /// `openssl`: certificates of the tests' own authority.
    Openssl,
    /// `perf bench`: the loads of the bench.
    Perf,
    /// `pip3`: Python packages for the guest.
    Pip,
    /// Podman, which runs images, and the runtime below it.
    Podman,
    /// Prometheus and its `promtool`.
    Prometheus,
    /// `ps`, which people look at the workers with.
    Ps,
    /// puma.
    Puma,
    /// Python with its venv module, which Debian packs apart.
    Python,
    /// The guest's machine.
    Qemu,
    /// The guest's machine, where it is a 64-bit ARM, and what runs its programs while its disk is made.
    QemuAarch64,
    /// RabbitMQ.
    RabbitMq,
    /// Redis, its `redis-cli` and its `redis-benchmark`.
    Redis,
    /// `rpm`: reads the packages that are made for it.
    Rpm,
    /// A terminal that a test can type into and read.
    Tmux,
    /// unicorn.
    Unicorn,
    /// `setpriv`, `unshare`, `nsenter`, `taskset`: other rights, namespaces, CPUs.
    UtilLinux,
}

/// Where the system's programs are; some are outside an ordinary user's `PATH`.
const SYSTEM: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

impl Tool {
    /// The programs that have to be there: names, or paths where no `PATH` leads to one.
    fn programs(self) -> &'static [&'static str] {
        match self {
            Self::AptUtils => &["apt-ftparchive"],
            Self::Cc => &["cc"],
            Self::Cxx => &["c++"],
            Self::CcAarch64 => &["aarch64-linux-gnu-gcc"],
            Self::Dbus => &["dbus-daemon"],
            Self::E2fsprogs => &["mke2fs", "debugfs", "e2fsck"],
            Self::Dpkg => &["dpkg-deb"],
            Self::DpkgDev => &["dpkg-source"],
            Self::Mmdebstrap => &["mmdebstrap"],
            Self::Gpg => &["gpg", "gpg-agent", "gpgconf"],
            Self::Iproute => &["ip"],
            Self::Nginx => &["nginx"],
            Self::Openssl => &["openssl"],
            Self::Perf => &["perf"],
            Self::Pip => &["pip3"],
            Self::Podman => &["podman", "runc"],
            Self::Prometheus => &["prometheus", "promtool"],
            Self::Ps => &["ps"],
            Self::Puma => &["puma"],
            Self::Python => &["python3"],
            Self::Qemu => &["qemu-system-x86_64"],
            Self::QemuAarch64 => &["qemu-system-aarch64", "qemu-aarch64-static", "arch-test"],
            Self::RabbitMq => &["/usr/lib/rabbitmq/bin/rabbitmq-server", "epmd"],
            Self::Redis => &["redis-server", "redis-cli", "redis-benchmark"],
            Self::Rpm => &["rpm"],
            Self::Tmux => &["tmux"],
            Self::Unicorn => &["unicorn"],
            Self::UtilLinux => &["setpriv", "unshare", "nsenter", "taskset"],
        }
    }

    /// The packages that hold it on Debian and its kin.
    fn debian(self) -> &'static [&'static str] {
        match self {
            Self::AptUtils => &["apt-utils"],
            Self::Cc => &["gcc", "libc6-dev"],
            Self::Cxx => &["g++"],
            Self::CcAarch64 => &["gcc-aarch64-linux-gnu"],
            Self::Dbus => &["dbus"],
            Self::E2fsprogs => &["e2fsprogs"],
            Self::Dpkg => &["dpkg"],
            Self::DpkgDev => &["dpkg-dev"],
            Self::Mmdebstrap => &["mmdebstrap"],
            Self::Gpg => &["gpg", "gpg-agent", "gpgconf"],
            Self::Iproute => &["iproute2"],
            Self::Nginx => &["nginx"],
            Self::Openssl => &["openssl"],
            Self::Perf => &["linux-perf"],
            Self::Pip => &["python3-pip"],
            Self::Podman => &["podman", "runc"],
            Self::Prometheus => &["prometheus"],
            Self::Ps => &["procps"],
            Self::Puma => &["puma"],
            Self::Python => &["python3-venv"],
            Self::Qemu => &["qemu-system-x86"],
            Self::QemuAarch64 => &["qemu-system-arm", "qemu-user-static", "arch-test"],
            Self::RabbitMq => &["rabbitmq-server"],
            Self::Redis => &["redis-server", "redis-tools"],
            Self::Rpm => &["rpm"],
            Self::Tmux => &["tmux"],
            Self::Unicorn => &["unicorn"],
            Self::UtilLinux => &["util-linux"],
        }
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_here(self) -> bool {
        let programs = self.programs().iter().all(|program| find(program).is_some());
        programs && (self != Self::Python || has_venv())
    }

    /// What a person calls it: its programs.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Python => "python3 with its venv module".to_owned(),
            _ => self.programs().join(" and "),
        }
    }
}

/// A package manager that can bring a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manager {
    /// Debian's and its kin's.
    Apt,
    /// Fedora's and its kin's; it finds the package that holds a path.
    Dnf,
    /// openSUSE's; it finds the package that holds a path.
    Zypper,
}

impl Manager {
    /// The one of this machine, unless it has none that is known here.
    #[must_use]
    pub fn of_this_machine() -> Option<Self> {
        [
            (Self::Apt, "apt-get"),
            (Self::Dnf, "dnf"),
            (Self::Zypper, "zypper"),
        ]
        .into_iter()
        .find_map(|(manager, program)| find(program).is_some().then_some(manager))
    }

    /// The commands that install these tools, in order; each wants root.
    #[must_use]
    pub fn commands(self, tools: &[Tool]) -> Vec<Vec<String>> {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let mut install = words(match self {
            Self::Apt => "apt-get install -qq --yes --no-install-recommends",
            Self::Dnf => "dnf install --quiet --assumeyes",
            Self::Zypper => "zypper --non-interactive --quiet install",
        });
        for tool in tools {
            match self {
                Self::Apt => install.extend(tool.debian().iter().map(|package| (*package).to_owned())),
                Self::Dnf | Self::Zypper => install.extend(tool.programs().iter().map(|program| {
                    if program.starts_with('/') {
                        (*program).to_owned()
                    } else {
                        format!("/usr/bin/{program}")
                    }
                })),
            }
        }
        match self {
            Self::Apt => vec![words("apt-get update -qq"), install],
            Self::Dnf | Self::Zypper => vec![install],
        }
    }
}

/// Those of `tools` that are not here, each once.
#[must_use]
pub fn missing(tools: &[Tool]) -> Vec<Tool> {
    let mut missing: Vec<_> = tools.iter().copied().filter(|tool| !tool.is_here()).collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// What is missing, and the command that brings it.
#[must_use]
pub fn remedy(missing: &[Tool]) -> String {
    let names: Vec<_> = missing.iter().map(|tool| tool.name()).collect();
    let names = names.join(", ");
    match Manager::of_this_machine().and_then(|manager| manager.commands(missing).pop()) {
        Some(command) => format!("{names} (as root: {})", command.join(" ")),
        None => format!("{names} (install it by your system's own means)"),
    }
}

/// Whether a test that runs these may run.
///
/// Prints the reason and returns false where not: the test then returns.
///
/// # Panics
/// When something is missing and `CI=true`: there, a skipped test would pass for a green one.
#[must_use]
pub fn require(tools: &[Tool]) -> bool {
    let missing = missing(tools);
    privilege::allow(if missing.is_empty() {
        Ok(())
    } else {
        Err(format!("it needs {}", remedy(&missing)))
    })
}

/// Where a program is that no ordinary user's `PATH` need lead to.
#[must_use]
pub fn path_of(program: &str) -> Option<PathBuf> {
    find(program)
}

/// Where a program is: on the `PATH` or in a directory of the system's own.
fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Path::new(program).is_file().then(|| program.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(SYSTEM.iter().map(PathBuf::from))
        .map(|directory| directory.join(program))
        .find(|path| path.is_file())
}

/// Whether Python has all that `python3 -m venv` needs: Debian packs `ensurepip` apart. Once it has, Python is not asked again,
/// for every other test asks this.
fn has_venv() -> bool {
    static SEEN: AtomicBool = AtomicBool::new(false);
    let ask = || {
        Command::new("python3")
            .args(["-c", "import ensurepip, venv"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    };
    if SEEN.load(Ordering::Relaxed) || ask() {
        SEEN.store(true, Ordering::Relaxed);
        return true;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Manager, Tool, missing, remedy};

    #[test]
    fn debian_is_given_packages_and_the_others_paths() {
        let tools = [Tool::Redis, Tool::RabbitMq];
        let apt = Manager::Apt.commands(&tools);
        assert_eq!(apt[0].join(" "), "apt-get update -qq");
        assert!(apt[1].ends_with(&[
            "redis-server".into(),
            "redis-tools".into(),
            "rabbitmq-server".into()
        ]));
        let dnf = Manager::Dnf.commands(&tools);
        assert!(dnf[0].contains(&"/usr/bin/redis-server".to_owned()), "{dnf:?}");
        assert!(
            dnf[0].contains(&"/usr/lib/rabbitmq/bin/rabbitmq-server".to_owned()),
            "{dnf:?}"
        );
    }

    #[test]
    fn what_is_missing_is_named_once() {
        // Present wherever these tests were compiled.
        assert_eq!(missing(&[Tool::Cc, Tool::Cc]), []);
        assert!(remedy(&[Tool::Tmux]).starts_with("tmux ("));
    }
}
