//! Test bench shared by the whole-program tests.
