//! libFuzzer over each reader of what strangers write (`autoscaler_tests::fuzz`).
//!
//! The pinned stable compiler instruments the code for it by a pass of LLVM's own. What a run has found of new ways through the
//! code stays in `target/fuzz`, so that the next one goes on from there; what is committed is in `tests/fuzz/corpus`.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use autoscaler_tests::venv::target_dir;

use crate::workspace;

/// What cargo-fuzz has rustc do, without a sanitizer: the code has no `unsafe` that these inputs reach.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// With it, only what runs in the end is instrumented, and no build script.
const TRIPLE: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};

/// Seconds that each reader gets, unless `FUZZ_SECONDS` says otherwise.
const SECONDS: &str = "60";

/// Builds it.
pub(super) fn build() -> Command {
    let mut command = crate::cargo::cargo();
    command
        .args(["build", "--release", "--locked", "--target", TRIPLE])
        .arg("--manifest-path")
        .arg(workspace().join("tests/fuzz/Cargo.toml"))
        .env("CARGO_TARGET_DIR", home())
        .env("RUSTFLAGS", INSTRUMENTED);
    command
}

/// Brings what it depends on. Its lock file is its own, and nothing else of a usual run would miss what that lacks.
pub(super) fn fetch() -> Command {
    let mut command = crate::cargo::cargo();
    command
        .args(["fetch", "--quiet", "--locked", "--manifest-path"])
        .arg(workspace().join("tests/fuzz/Cargo.toml"));
    command
}

/// Hands made-up input to one reader. It ends with the first input that breaks the reader down, and keeps that.
pub(super) fn run(target: &str) -> Command {
    let found = home().join("corpus").join(target);
    // Where it cannot be made, libFuzzer says so and fails.
    let _ = fs::create_dir_all(&found);
    let mut command = Command::new(home().join(TRIPLE).join("release/autoscaler-fuzz"));
    let seconds = env::var("FUZZ_SECONDS").unwrap_or_else(|_| SECONDS.to_owned());
    command
        .env("FUZZ_TARGET", target)
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/{target}-", home().display()))
        .arg(found)
        .arg(workspace().join("tests/fuzz/corpus").join(target));
    command
}

fn home() -> PathBuf {
    target_dir().join("fuzz")
}
