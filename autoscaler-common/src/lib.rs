//! The records that cross from the kernel programs to userspace, and nothing else.
#![no_std]
#![forbid(unsafe_code)]
