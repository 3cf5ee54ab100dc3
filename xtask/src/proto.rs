//! `cargo xtask proto`: the Rust code of KEDA's external scaler, made of its `.proto` without protoc.
//!
//! It is committed, so that whoever builds the program builds no compiler of protocols first.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::output;

/// The folder of the protocol, from the workspace.
const FOLDER: &str = "autoscaler/proto";

const PROTO: &str = "externalscaler.proto";

/// The code that is made of it.
const CODE: &str = "autoscaler/src/keda/proto.rs";

/// Writes the code.
pub(crate) fn run() -> Result<()> {
    let path = code();
    fs::write(&path, made()?).with_context(|| format!("cannot write {}", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

fn code() -> PathBuf {
    crate::workspace().join(CODE)
}

/// What the protocol gives, as rustfmt writes it.
fn made() -> Result<String> {
    let folder = crate::workspace().join(FOLDER);
    let described = protox::compile([PROTO], [&folder]).with_context(|| format!("{FOLDER}/{PROTO}"))?;
    let into = tempfile::tempdir()?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .btree_map(".")
        .emit_rerun_if_changed(false)
        .out_dir(into.path())
        .compile_fds(described)?;
    let path = into.path().join("externalscaler.rs");
    let config = crate::workspace().join("rustfmt.toml");
    output(
        Command::new("rustfmt")
            .args(["--edition", "2024", "--config-path"])
            .arg(config)
            .arg(&path),
    )?;
    let made = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    Ok(format!(
        "// Made of {FOLDER}/{PROTO} by `cargo xtask proto`.\n\n{made}"
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_code_is_what_the_protocol_gives() {
        let path = super::code();
        let committed = std::fs::read_to_string(&path).expect("it is committed");
        assert!(
            committed == super::made().expect("it compiles"),
            "{} is not what the protocol gives: run cargo xtask proto",
            path.display()
        );
    }
}
