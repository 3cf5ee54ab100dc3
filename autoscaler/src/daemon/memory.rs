//! Keeps the daemon small.

/// Gives the memory that is not in use back to the kernel. The kernel's type information takes tens of MiB while it is
/// read at the start, and the C library would keep them for good.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim(3) takes no pointer and may be called at any time, from any thread.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
