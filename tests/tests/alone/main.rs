//! Tests that want the machine for themselves: they fill its CPUs, or count what others would add to. `cargo xtask test`
//! runs them one after the other.

mod accounting;
mod export;
mod full_host;
mod moves;
mod top;
mod unseen;
