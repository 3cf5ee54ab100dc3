//! Says what was seen, decided and done: log lines in the operator's language, on stdout and in the journal.
