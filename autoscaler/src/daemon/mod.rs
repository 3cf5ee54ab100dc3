//! The loop that walks observe → decide → act → report.
