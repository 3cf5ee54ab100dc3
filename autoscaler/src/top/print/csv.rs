//! CSV (RFC 4180): the fields of [`Record`] behind the time and the interval of the pass.

use anyhow::{Context as _, Result};
use csv::WriterBuilder;
use serde::Serialize;

use super::record::{Record, nanos, unix_nanos};
use crate::top::model::{Entry, Model};

pub(super) fn lines(model: &Model, entries: &[&Entry], first: bool) -> Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().has_headers(first).from_writer(Vec::new());
    for entry in entries {
        writer
            .serialize((Pass::of(model), Record::of(model, entry)))
            .with_context(|| format!("cannot write {} as CSV", entry.place.path))?;
    }
    writer.into_inner().context("cannot write CSV")
}

#[derive(Serialize)]
struct Pass {
    unix_ns: Option<u64>,
    interval_ns: Option<u64>,
}

impl Pass {
    fn of(model: &Model) -> Self {
        Self {
            unix_ns: unix_nanos(model),
            interval_ns: model.covered().map(nanos),
        }
    }
}
