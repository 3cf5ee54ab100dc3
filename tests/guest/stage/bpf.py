"""The kernel's own account of BPF programs, by bpf(2)."""

import ctypes
import os
import platform

# Numbers of the system call (arch/x86/entry/syscalls/syscall_64.tbl; include/uapi/asm-generic/unistd.h).
SYSCALL = {"x86_64": 321, "aarch64": 280}[platform.machine()]
# enum bpf_cmd (include/uapi/linux/bpf.h).
PROG_GET_NEXT_ID, PROG_GET_FD_BY_ID, OBJ_GET_INFO_BY_FD = 11, 13, 15
# Where struct bpf_prog_info has its name (16 bytes) and, since 5.16, verified_insns (32 bits), and its size with that.
NAME, VERIFIED, SIZE = 64, 216, 224

libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    """The system call. Raises OSError."""
    done = libc.syscall(SYSCALL, command, attributes, len(attributes))
    if done < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return done


def programs():
    """The programs that are loaded now, by id: name, and the instructions that the verifier went through."""
    found, last = {}, 0
    while True:
        attributes = ctypes.create_string_buffer(last.to_bytes(4, "little") + bytes(124), 128)
        try:
            bpf(PROG_GET_NEXT_ID, attributes)
        except FileNotFoundError:
            return found
        last = int.from_bytes(attributes.raw[4:8], "little")
        try:
            found[last] = describe(last)
        except FileNotFoundError:
            pass  # it was unloaded meanwhile


def describe(program):
    """Name and verified instructions of one program."""
    handle = bpf(PROG_GET_FD_BY_ID, ctypes.create_string_buffer(program.to_bytes(4, "little") + bytes(124), 128))
    try:
        info = ctypes.create_string_buffer(SIZE)
        asked = handle.to_bytes(4, "little") + SIZE.to_bytes(4, "little") + ctypes.addressof(info).to_bytes(8, "little")
        bpf(OBJ_GET_INFO_BY_FD, ctypes.create_string_buffer(asked + bytes(112), 128))
    finally:
        os.close(handle)
    name = info.raw[NAME : NAME + 16].split(b"\0")[0].decode()
    return name, int.from_bytes(info.raw[VERIFIED : VERIFIED + 4], "little")
