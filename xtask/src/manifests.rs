//! `cargo xtask manifests`: the plain manifests for Kubernetes, made of the Helm chart.

use std::fs;

use anyhow::{Context, Result};
use autoscaler_tests::Venv;
use autoscaler_tests::helm::{manifests, packaging};

/// Writes them. A test says where they are not what the chart gives.
pub(crate) fn run() -> Result<()> {
    for (place, text) in manifests(&Venv::kubernetes()?)? {
        let path = packaging().join(place);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}
