//! Certificates of a test's own authority, made with openssl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Makes a certificate authority in a folder: `ca.pem` and `ca.key`.
///
/// # Errors
/// When openssl is missing, or refuses.
pub fn authority(folder: &Path) -> Result<PathBuf> {
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem",
    )?;
    Ok(folder.join("ca.pem"))
}

/// Makes a certificate for `localhost` signed by the folder's authority: `NAME.pem` and `NAME.key`.
///
/// # Errors
/// As [`authority`].
pub fn certify(folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n")?;
    openssl(
        folder,
        &format!("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout {name}.key -out {name}.csr"),
    )?;
    openssl(
        folder,
        &format!(
            "x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out {name}.pem"
        ),
    )?;
    Ok((
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    ))
}

/// Runs openssl in a folder; its arguments are set apart by one space each.
///
/// # Errors
/// When it is missing, or refuses.
pub fn openssl(folder: &Path, arguments: &str) -> Result<()> {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .context("cannot run openssl: install it (on Debian and Ubuntu: apt-get install openssl)")?;
    if !output.status.success() {
        bail!("openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
