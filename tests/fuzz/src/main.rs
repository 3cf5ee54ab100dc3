//! Hands what libFuzzer makes up to the target that `FUZZ_TARGET` names: see `autoscaler_tests::fuzz`.
#![no_main]

use std::sync::OnceLock;

use autoscaler_tests::fuzz::{Target, begin, target};

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(init: begin(), |input: &[u8]| {
    let chosen = TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        target(&name).expect("FUZZ_TARGET names a target of autoscaler_tests::fuzz")
    });
    (chosen.run)(input);
});
