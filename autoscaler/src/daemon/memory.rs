//! Keeps the daemon small, by what the C library offers (mallopt(3), `malloc_trim(3)`).

/// Has all threads share one heap: to be called before the first one starts. Else glibc gives each thread a heap of its
/// own, and what a thread that reads the history once has freed stays there for good.
pub(super) fn share_one_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: mallopt(3) takes no pointer. No other thread is there yet.
    unsafe {
        nix::libc::mallopt(nix::libc::M_ARENA_MAX, 1);
    }
}

/// Gives the memory that is not in use back to the kernel. The kernel's type information takes tens of MiB while it is
/// read at the start, and the C library would keep them for good. Later it keeps each page that was ever in use: what a check,
/// a scrape and a reload take and free for a moment lies between what stays, and spreads from hour to hour.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim(3) takes no pointer and may be called at any time, from any thread.
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
