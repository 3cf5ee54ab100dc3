//! The host: kernel, CPUs, memory, cgroups, systemd.

use std::fs;

use crate::host::cgroup::CgroupMount;
use crate::host::machine::HostReader;
use crate::host::process::Procfs;
use crate::host::service::{Bus, Systemd};
use crate::model::{Config, Fact};

/// What needs nobody to be asked.
pub(super) fn look(procfs: &Procfs) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Ok(release) = fs::read_to_string(procfs.root().join("sys/kernel/osrelease")) {
        facts.push(Fact::Kernel {
            release: release.trim().to_owned(),
        });
    }
    facts.push(match HostReader::new(procfs.clone()).read() {
        Ok((host, _)) => Fact::Host(host),
        Err(error) => Fact::HostUnreadable(error),
    });
    let user = nix::unistd::geteuid();
    if !user.is_root() {
        facts.push(Fact::NotRoot { uid: user.as_raw() });
    }
    match CgroupMount::discover(procfs) {
        Ok(mount) => {
            let path = mount.path().to_owned();
            // Documentation/admin-guide/cgroup-v2.rst, "Core Interface Files". Where version 1 has a controller,
            // version 2 does not.
            let controllers = fs::read_to_string(path.join("cgroup.controllers")).unwrap_or_default();
            facts.push(Fact::CgroupTree { path: path.clone() });
            if !controllers.split_whitespace().any(|name| name == "memory") {
                facts.push(Fact::TreeWithoutMemory { path });
            }
        }
        Err(error) => facts.push(Fact::NoCgroupTree(error)),
    }
    // With psi=0 the file is missing or refuses to be read (Documentation/accounting/psi.rst).
    facts.push(match fs::read(procfs.root().join("pressure/cpu")) {
        Ok(_) => Fact::Pressure,
        Err(_) => Fact::NoPressure,
    });
    facts
}

/// Whether systemd answers, and whether that matters to this configuration.
pub(super) async fn systemd(bus: &Bus, config: Option<&Config>) -> Fact {
    let needed = config.is_some_and(|config| {
        let mut projects = config.written();
        projects.any(|project| project.enabled && project.target.is_unit())
    });
    match Systemd::new(bus.clone()).version().await {
        Ok(version) => Fact::Systemd { version },
        Err(why) => Fact::NoSystemd { why, needed },
    }
}
