//! cargo, as it is run from here.

pub(crate) mod tool;

use std::env;
use std::process::Command;

/// Everything but the kernel programs, which only build for the BPF target. What is built with the features of the whole
/// workspace, whatever runs of it then, is built once.
pub(crate) const HOST: [&str; 4] = ["--workspace", "--exclude", "autoscaler-ebpf", "--locked"];

/// `cargo`, in the environment that a person would type it in.
///
/// `cargo run`, which this program is run by, tells a program what package it is of (`CARGO_PKG_NAME` and the like). Build
/// scripts that look at these, as that of `ring` does, would be run again for each change between the two, and all that
/// depends on them compiled again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_a_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether cargo sets this variable for a program or a build script to tell of its package
/// (<https://doc.rust-lang.org/cargo/reference/environment-variables.html>).
fn of_a_package(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_")
        || variable.starts_with("CARGO_MANIFEST_")
        || ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&variable)
}

#[cfg(test)]
mod tests {
    use super::{cargo, of_a_package};

    #[test]
    fn what_cargo_says_of_a_package_is_taken_back_and_settings_are_not() {
        assert!(of_a_package("CARGO_PKG_VERSION") && of_a_package("CARGO_MANIFEST_DIR"));
        assert!(!of_a_package("CARGO_HOME") && !of_a_package("CARGO_INCREMENTAL"));
        // cargo has set it for this very test.
        let removed = |name: &str| {
            cargo()
                .get_envs()
                .any(|(key, value)| key == name && value.is_none())
        };
        assert!(removed("CARGO_PKG_NAME") && removed("CARGO_MANIFEST_DIR"));
    }
}
