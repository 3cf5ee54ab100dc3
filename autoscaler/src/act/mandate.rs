//! Leave to take the next step, which may be taken back while the way is gone.

use tokio::sync::watch;

/// Asked between two steps whether the count that they lead to is still wanted.
#[derive(Debug, Clone, Default)]
pub struct Mandate(Option<watch::Receiver<bool>>);

/// Takes a [`Mandate`] back. Dropping it leaves the mandate as it is.
#[derive(Debug)]
pub struct Withdrawal(watch::Sender<bool>);

impl Mandate {
    /// A mandate, and what takes it back. The default one nobody takes back.
    #[must_use]
    pub fn new() -> (Self, Withdrawal) {
        let (sender, receiver) = watch::channel(false);
        (Self(Some(receiver)), Withdrawal(sender))
    }

    /// Whether it has been taken back.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        self.0.as_ref().is_some_and(|withdrawn| *withdrawn.borrow())
    }
}

impl Withdrawal {
    /// No further step is asked for; the one that was is waited for.
    pub fn withdraw(&self) {
        self.0.send_replace(true);
    }
}
