//! What a guest is given of this checkout: the tutorial, whose commands are typed there, the package, one that upgrades it,
//! and whatever else a scenario needs.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use autoscaler_tests::tools;

use super::scenarios::Scenario;
use super::{former, image};
use crate::arch::Arch;
use crate::dist::{ForGuest, Profile, publish};
use crate::{kubernetes, setup};

/// What only some scenarios need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The package of a former release, as revision 0.
    Former,
    /// Two states of a signed repository: `apt-1` with the package, `apt-2` with the one that upgrades it as well.
    Repository,
    /// The package for rpm, and one that upgrades it.
    Rpm,
    /// The tarball.
    Tarball,
    /// Docker, Podman and supervisord, in the guest's image.
    Runtimes,
    /// The same, and a Kubernetes cluster beside the guest, compiled here, for the guest to be its node.
    Kubernetes,
}

impl Need {
    /// Whether the guest's image has to hold what runs containers.
    fn is_of_image(self) -> bool {
        matches!(self, Self::Runtimes | Self::Kubernetes)
    }

    /// Whether a scenario that needs it is run only where it is named: it takes long to make.
    pub(super) fn is_dear(self) -> bool {
        self == Self::Kubernetes
    }
}

impl FromStr for Need {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim_matches('"') {
            "former" => Self::Former,
            "repository" => Self::Repository,
            "rpm" => Self::Rpm,
            "tarball" => Self::Tarball,
            "runtimes" => Self::Runtimes,
            "kubernetes" => Self::Kubernetes,
            other => {
                bail!("nothing is called {other}: former, kubernetes, repository, rpm, runtimes, tarball")
            }
        })
    }
}

/// Whether any of these scenarios needs what runs containers.
pub(super) fn runtimes(scenarios: &[Scenario]) -> bool {
    scenarios
        .iter()
        .any(|scenario| scenario.needs.is_some_and(Need::is_of_image))
}

/// Makes all that these scenarios need; files and folders.
pub(super) fn make(profile: Profile, arch: Arch, scenarios: &[Scenario]) -> Result<Vec<PathBuf>> {
    let needs = |need| scenarios.iter().any(|scenario| scenario.needs == Some(need));
    if [Need::Repository, Need::Rpm, Need::Tarball]
        .into_iter()
        .any(needs)
    {
        let missing = setup::bring(&setup::dist(arch))?;
        if !missing.is_empty() {
            bail!("these scenarios need {}", tools::remedy(&missing));
        }
    }
    let folder = image::vm_folder().join("packages");
    let mut goods = vec![crate::workspace().join("docs/en/tutorial.md")];
    // First, as it may be that it cannot be had.
    if needs(Need::Former) {
        goods.push(former::package(arch)?);
    }
    let mut packages = Vec::new();
    let built = ForGuest::build(profile, arch)?;
    for revision in ["1", "2"] {
        packages.push(built.deb(revision, &folder)?);
    }
    if needs(Need::Repository) {
        for count in 1..=packages.len() {
            let into = folder.join(format!("apt-{count}"));
            publish(&packages[..count], &into, &folder.join("key"))?;
            goods.push(into);
        }
    }
    if needs(Need::Rpm) {
        for revision in ["1", "2"] {
            goods.push(built.rpm(revision)?);
        }
    }
    if needs(Need::Tarball) {
        goods.push(built.tarball()?);
    }
    if needs(Need::Kubernetes) {
        if arch != Arch::host()? {
            bail!("the kubelet is compiled for this machine's own architecture alone");
        }
        goods.push(kubernetes::goods(&built.image(&folder)?, &folder)?);
    }
    goods.extend(packages);
    Ok(goods)
}

#[cfg(test)]
mod tests {
    use super::Need;

    #[test]
    fn a_need_that_nobody_can_meet_is_refused() {
        assert_eq!(
            "\"tarball\"".parse::<Need>().expect("it can be made"),
            Need::Tarball
        );
        let error = "\"moon\"".parse::<Need>().expect_err("it cannot be made");
        assert!(error.to_string().contains("moon"));
    }
}
