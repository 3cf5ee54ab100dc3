//! The container image: the program, the C library of Debian's stable release, and nothing else; no shell, no package manager.
//!
//! It is written here, as the OCI has it (Image Format Specification 1.1), in two layers: libraries, which seldom change, and the
//! program. No container tool has a part in it, nothing is run in it, and nothing of this machine goes into it.

mod libraries;
mod oci;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::json;

use super::deb::Profile;
use super::program::{self, Program};
use super::{Release, VERSION};
use crate::command::output;
use oci::{Image, Layer};

/// Arguments of `cargo xtask dist image`.
#[derive(Parser)]
pub(super) struct Args {
    /// With the program that the tests have compiled, in target/image: for a test, not for a release
    #[arg(long)]
    quick: bool,
}

/// What runs where nothing else is said: nobody, by a number that no distribution gives to a person.
const USER: &str = "65532:65532";

const PASSWD: &str = "root:x:0:0:root:/:/sbin/nologin\nautoscaler:x:65532:65532:autoscaler:/:/sbin/nologin\n";

const GROUP: &str = "root:x:0:\nautoscaler:x:65532:\n";

/// Names are asked of the DNS after /etc/hosts (nsswitch.conf(5)).
const NSSWITCH: &str = "passwd: files\ngroup: files\nhosts: files dns\n";

/// What the image says of itself (Image Format Specification, "Annotations").
const TITLE: &str = "autoscaler";

const DESCRIPTION: &str =
    "Figures of every cgroup for Prometheus and OpenTelemetry, and KEDA's external scaler";

/// Makes the image, and returns its archive.
pub(super) fn make(release: &Release<'_>, args: &Args) -> Result<PathBuf> {
    let (profile, folder) = if args.quick {
        (Profile::Dev, release.root.join("target/image"))
    } else {
        (Profile::Release, release.folder())
    };
    fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    let program = program::build(release.root, release.arch, profile)?;
    of(release, &program, &folder)
}

/// Makes the image of a program in a folder, and returns its archive.
pub(super) fn of(release: &Release<'_>, program: &Program, folder: &Path) -> Result<PathBuf> {
    let name = format!("autoscaler-{VERSION}-{}.oci", release.arch.debian());
    let libraries = libraries::of(release.arch)?;
    if program.glibc > libraries.glibc {
        let ((major, minor), (has, of)) = (program.glibc, libraries.glibc);
        bail!("the program needs glibc {major}.{minor}, and the image has {has}.{of}");
    }
    let work = tempfile::Builder::new().prefix("image-").tempdir_in(folder)?;
    let own = work.path().join("own");
    write_own(release, program, &own)?;
    let layers = vec![
        Layer::of(release, &libraries.tree, work.path(), "libraries")?,
        Layer::of(release, &own, work.path(), "program")?,
    ];
    let image = Image {
        name: format!("autoscaler:{VERSION}"),
        architecture: release.arch.debian(),
        created: time(release.epoch)?,
        config: json!({
            "User": USER,
            "Env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
            "Entrypoint": ["/usr/bin/autoscaler"],
            "Cmd": ["--help"],
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": TITLE,
                "org.opencontainers.image.description": DESCRIPTION,
                "org.opencontainers.image.version": VERSION,
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
                "org.opencontainers.image.created": time(release.epoch)?,
                "org.opencontainers.image.base.name": libraries.named,
            },
        }),
        layers,
    };
    let archive = folder.join(format!("{name}.tar"));
    image.write(release, &work.path().join("layout"), &archive)?;
    Ok(archive)
}

/// What is ours in it.
fn write_own(release: &Release<'_>, program: &Program, tree: &Path) -> Result<()> {
    let mut files = vec![
        ("etc/passwd".to_owned(), PASSWD.as_bytes().to_vec(), 0o644),
        ("etc/group".to_owned(), GROUP.as_bytes().to_vec(), 0o644),
        (
            "etc/nsswitch.conf".to_owned(),
            NSSWITCH.as_bytes().to_vec(),
            0o644,
        ),
        ("usr/bin/autoscaler".to_owned(), read(&program.path)?, 0o755),
    ];
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let text = read(&release.root.join(licence))?;
        files.push((format!("usr/share/doc/autoscaler/{licence}"), text, 0o644));
    }
    for (place, content, mode) in files {
        let path = tree.join(place);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        }
        fs::write(&path, content).with_context(|| format!("{}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{}", path.display()))
}

/// A time as the OCI writes it (RFC 3339).
fn time(epoch: u64) -> Result<String> {
    let text =
        output(Command::new("date").args(["--utc", "--date", &format!("@{epoch}"), "+%Y-%m-%dT%H:%M:%SZ"]))?;
    Ok(text.trim().to_owned())
}
