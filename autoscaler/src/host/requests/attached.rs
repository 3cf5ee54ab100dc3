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
type Attached = (&'static str, Place);

const STATE: Attached = ("state", Place::Event("inet_sock_set_state", "4.16"));

const TRACEPOINTS: &[Attached] = &[
    STATE,
    ("read", Place::Event("sock_recv_length", "6.3")),
    ("sent", Place::Event("sock_send_length", "6.3")),
    ("ready", Place::Event("sk_data_ready", "6.3")),
];

const FUNCTIONS: &[Attached] = &[
    STATE,
    ("unix_gone", Place::Entry("unix_release")),
    ("unix_read", Place::End("unix_stream_recvmsg")),
    ("inet_read", Place::End("inet_recvmsg")),
    ("unix_sent", Place::End("unix_stream_sendmsg")),
    ("inet_sent", Place::End("inet_sendmsg")),
    ("came", Place::Entry("sock_def_readable")),
];

/// Of IPv6, which a kernel may be without.
const FUNCTIONS_IPV6: &[Attached] = &[
    ("inet6_read", Place::End("inet6_recvmsg")),
    ("inet6_sent", Place::End("inet6_sendmsg")),
];

/// What the programs of either way call, and since when it is lent.
const HELPER: (&str, &str) = ("bpf_skc_to_unix_sock", "5.16");

/// The programs of a way. Those that make records come last: nothing is half seen for long.
pub(super) fn of(way: RequestsWay) -> Vec<Attached> {
    let ipv6 = || Path::new("/proc/net/if_inet6").exists();
    match way {
        RequestsWay::Tracepoints => TRACEPOINTS.to_vec(),
        RequestsWay::Functions if ipv6() => [FUNCTIONS_IPV6, FUNCTIONS].concat(),
        RequestsWay::Functions => FUNCTIONS.to_vec(),
        RequestsWay::ListenQueues => Vec::new(),
    }
}

/// What this kernel lacks for a way.
pub(super) fn lack(way: RequestsWay, types: &KernelTypes) -> Option<WhyNotEbpf> {
    let (helper, since) = HELPER;
    if !types.lends(helper) {
        return Some(WhyNotEbpf::NoHelper { helper, since });
    }
    of(way).into_iter().find_map(|(_, place)| match place {
        Place::Event(event, since) if !types.has_event(event) => Some(WhyNotEbpf::NoEvent { event, since }),
        Place::Entry(function) | Place::End(function) if !types.has_function(function) => {
            Some(WhyNotEbpf::NoFunction { function })
        }
        _ => None,
    })
}

/// Loads the programs of a way, and no others.
pub(super) fn load(ebpf: &mut Ebpf, way: RequestsWay, btf: &Btf) -> Result<(), WhyNotEbpf> {
    for (name, place) in of(way) {
        let loaded = match place {
            Place::Event(event, _) => tracepoint(ebpf, name)?.load(event, btf),
            Place::Entry(function) => entry(ebpf, name)?.load(function, btf),
            Place::End(function) => end(ebpf, name)?.load(function, btf),
        };
        loaded.map_err(|error| refused(name, &error))?;
    }
    Ok(())
}

/// Attaches them. Nothing of a way that fails is left: what was attached goes with `ebpf`.
pub(super) fn attach(ebpf: &mut Ebpf, way: RequestsWay) -> Result<(), WhyNotEbpf> {
    for (name, place) in of(way) {
        let attached = match place {
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
