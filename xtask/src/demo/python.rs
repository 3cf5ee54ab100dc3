//! A virtual environment with gunicorn, on a machine that may lack Python's venv module.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use autoscaler_tests::Venv;

/// Where Debian and its kin keep their package manager.
const APT_GET: &str = "/usr/bin/apt-get";

/// The environment with this version of gunicorn. Installs Python's venv module where it is missing and
/// apt-get can.
///
/// # Errors
/// When there is no Python with a venv module and none can be installed, or PyPI is out of reach; the message
/// says what to do.
pub(super) fn venv(gunicorn: &str) -> Result<Venv> {
    install_venv_module()?;
    Venv::gunicorn(gunicorn)
}

/// Installs Python's venv module where it is missing and apt-get can.
///
/// # Errors
/// When apt-get fails; the message says what to do.
pub(super) fn install_venv_module() -> Result<()> {
    if !has_venv_module() && Path::new(APT_GET).exists() {
        println!("Python's venv module is missing: installing the package python3-venv ...");
        apt_get(&["update"])?;
        apt_get(&["install", "--yes", "--no-install-recommends", "python3-venv"])?;
    }
    Ok(())
}

/// Whether python3 is there with all that `python3 -m venv` needs: Debian packs `ensurepip` apart.
fn has_venv_module() -> bool {
    Command::new("python3")
        .args(["-c", "import ensurepip, venv"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let output = Command::new(APT_GET)
        .arg("-qq")
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {APT_GET}"))?;
    if !output.status.success() {
        bail!(
            "apt-get {} failed; install python3 with its venv module, then run this again\n{}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr),
        );
    }
    Ok(())
}
