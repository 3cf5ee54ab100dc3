//! `autoscaler top`: the host's cgroups, live. Samples go into a model, and the model is drawn ([`live`]) or
//! printed ([`print`]). [`sample`] and [`model`] know nothing of a terminal.

#[cfg(test)]
mod fixture;
pub mod live;
pub mod model;
pub mod print;
pub mod sample;
pub mod screen;
pub mod view;
