//! SHA-256, as `sha256sum` writes it.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The checksum of these bytes, in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
