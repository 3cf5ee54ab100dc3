//! Steps that are no longer wanted: asked about between two steps, so that the one under way is waited for.

use tokio::sync::watch;

/// Tells whoever walks to a count whether it is still wanted. The default one is never cancelled.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Option<watch::Receiver<bool>>);

/// Cancels what its [`CancelToken`] was given to. Dropping it cancels nothing.
#[derive(Debug)]
pub struct CancelHandle(watch::Sender<bool>);

impl CancelToken {
    /// A token, and what cancels it.
    #[must_use]
    pub fn new() -> (Self, CancelHandle) {
        let (sender, receiver) = watch::channel(false);
        (Self(Some(receiver)), CancelHandle(sender))
    }

    /// Whether it has been cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|cancelled| *cancelled.borrow())
    }
}

impl CancelHandle {
    /// No further step is asked for; the one that was is waited for.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }
}
