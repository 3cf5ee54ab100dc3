//! Whole texts through the parser.

mod faults;
mod layouts;
mod properties;
mod reference;
mod schema;
