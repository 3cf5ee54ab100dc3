//! The decisions of the past as the running daemon remembers its own: those alike in a row folded into one.

use std::time::SystemTime;

use super::Past;
use crate::report::Chronicle;
use crate::words::Bilingual;

impl Past {
    /// Every decision with what came of it, in order.
    #[must_use]
    pub fn chronicle(&self) -> Chronicle {
        let mut chronicle = Chronicle::new(usize::MAX);
        let mut events = self.events.iter().peekable();
        let mut tell_until = |chronicle: &mut Chronicle, until: Option<SystemTime>| {
            while let Some(event) = events.next_if(|event| until.is_none_or(|until| event.at < until)) {
                chronicle.happened(match event.kind {
                    Some(kind) => Bilingual::of_event(kind, &event.text),
                    None => {
                        Bilingual::by(|language| format!("{}: {}", event.code, event.text.within(language)))
                    }
                });
            }
        };
        for check in &self.checks {
            // Without a decision a step was under way, or another version decided for a reason of its own.
            if let Some(decision) = check.decision() {
                tell_until(&mut chronicle, Some(check.at));
                chronicle.decided(check.at, &decision);
            }
        }
        tell_until(&mut chronicle, None);
        chronicle
    }
}
