//! `autoscaler top` as people and scripts meet it: in a real terminal, with real loads in real cgroups.

mod daemon;
mod host;
mod keys;
mod leaving;
mod scale;
mod screens;
mod scripts;
