//! Where the programs are attached: each way by which requests are seen has its own.

use std::path::Path;

use aya::programs::{FEntry, FExit, ProgramError};
use aya::{Btf, Ebpf};

use crate::host::bpf::{KernelTypes, failed, refused, tracepoint};
use crate::model::{KernelStep, RequestsWay, WhyNotEbpf};

/// A place in the kernel that calls a program.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// A tracepoint, and the first release that has it.
    Event(&'static str, &'static str),
    /// The entry of a function.
    Entry(&'static str),
    /// The end of a function.
    End(&'static str),
}

/// A program of the object, and its place.
pub(super) type Attached = (&'static str, Place);

const GONE: Attached = ("gone", Place::Event("tcp_destroy_sock", "4.16"));

const TRACEPOINTS: &[Attached] = &[
    GONE,
    ("read", Place::Event("sock_recv_length", "6.3")),
    ("sent", Place::Event("sock_send_length", "6.3")),
    ("ready", Place::Event("sk_data_ready", "6.3")),
];

/// A Unix connection was closed by its own end, and its socket is nobody's any more. No tracepoint tells either.
const UNIX_GONE: Attached = ("unix_gone", Place::Entry("unix_release"));
const UNIX_FREED: Attached = ("unix_freed", Place::Entry("unix_sock_destructor"));

const FUNCTIONS: &[Attached] = &[
    GONE,
    ("unix_read", Place::End("unix_stream_recvmsg")),
    ("inet_read", Place::End("inet_recvmsg")),
    ("unix_sent", Place::End("unix_stream_sendmsg")),
    ("inet_sent", Place::End("inet_sendmsg")),
];

/// The last of them: it makes records of Unix connections.
const CAME: Attached = ("came", Place::Entry("sock_def_readable"));

/// The same where the kernel lends no typed pointer to a Unix socket: it copies the name from where it is.
const CAME_COPIED: Attached = ("came_copied", Place::Entry("sock_def_readable"));

/// Of IPv6, which a kernel may be without.
const FUNCTIONS_IPV6: &[Attached] = &[
    ("inet6_read", Place::End("inet6_recvmsg")),
    ("inet6_sent", Place::End("inet6_sendmsg")),
];

/// What gives a typed pointer to a Unix socket, since 5.16.
const TYPED: &str = "bpf_skc_to_unix_sock";

/// The programs of a way on this kernel, with `unix_ends` those that tell the end of Unix connections. Those that make records
/// come last: nothing is half seen for long.
pub(super) fn of(way: RequestsWay, unix_ends: bool, types: &KernelTypes) -> Vec<Attached> {
    let mut all = Vec::new();
    if unix_ends {
        all.extend([UNIX_GONE, UNIX_FREED]);
    }
    match way {
        RequestsWay::Tracepoints => all.extend(TRACEPOINTS),
        RequestsWay::Functions => {
            all.extend(FUNCTIONS);
            if Path::new("/proc/net/if_inet6").exists() {
                all.extend(FUNCTIONS_IPV6);
            }
            all.push(if types.lends(TYPED) { CAME } else { CAME_COPIED });
        }
        RequestsWay::ListenQueues => {}
    }
    all
}

/// What this kernel lacks for them.
pub(super) fn lack(programs: &[Attached], types: &KernelTypes) -> Option<WhyNotEbpf> {
    programs.iter().find_map(|(_, place)| match *place {
        Place::Event(event, since) if !types.has_event(event) => Some(WhyNotEbpf::NoEvent { event, since }),
        Place::Entry(function) | Place::End(function) if !types.has_function(function) => {
            Some(WhyNotEbpf::NoFunction { function })
        }
        _ => None,
    })
}

/// Loads these programs, and no others.
pub(super) fn load(ebpf: &mut Ebpf, programs: &[Attached], btf: &Btf) -> Result<(), WhyNotEbpf> {
    for (name, place) in programs {
        let loaded = match *place {
            Place::Event(event, _) => tracepoint(ebpf, name)?.load(event, btf),
            Place::Entry(function) => entry(ebpf, name)?.load(function, btf),
            Place::End(function) => end(ebpf, name)?.load(function, btf),
        };
        loaded.map_err(|error| refused(name, &error))?;
    }
    Ok(())
}

/// Attaches them. Nothing of a way that fails is left: what was attached goes with `ebpf`.
pub(super) fn attach(ebpf: &mut Ebpf, programs: &[Attached]) -> Result<(), WhyNotEbpf> {
    for (name, place) in programs {
        let attached = match *place {
            Place::Event(..) => tracepoint(ebpf, name)?.attach().map(drop),
            Place::Entry(_) => entry(ebpf, name)?.attach().map(drop),
            Place::End(_) => end(ebpf, name)?.attach().map(drop),
        };
        attached.map_err(|error| refused(name, &error))?;
    }
    Ok(())
}

fn entry<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut FEntry, WhyNotEbpf> {
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| failed(KernelStep::Program(name.to_owned())))?;
    program
        .try_into()
        .map_err(|error: ProgramError| refused(name, &error))
}

fn end<'a>(ebpf: &'a mut Ebpf, name: &str) -> Result<&'a mut FExit, WhyNotEbpf> {
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| failed(KernelStep::Program(name.to_owned())))?;
    program
        .try_into()
        .map_err(|error: ProgramError| refused(name, &error))
}
