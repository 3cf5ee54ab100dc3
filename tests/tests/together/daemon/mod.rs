//! `autoscaler run` as its operator meets it: starts, refuses, reloads, survives, and says why.

mod hup;
mod instances;
mod lifecycle;
mod promise;
mod reload;
mod requests;
mod scaling;
mod schedules;
mod supervised;
mod target;
