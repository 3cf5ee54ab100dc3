//! What the metrics' server has to tell.

use crate::model::SystemFault;
/// What the server has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsNews {
    /// Figures are served.
    Serving {
        /// Where.
        at: String,
    },
    /// The address cannot be had. Told once; it is tried again by itself.
    Unavailable {
        /// The address.
        at: String,
        /// Why.
        why: SystemFault,
    },
}
