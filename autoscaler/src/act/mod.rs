//! Makes a decision so: signals and memory limits, each action verified by looking again.
