//! Readers of files of the kernel: those of a process, of the host, of a cgroup, and its description of its types.
//!
//! Where a process' own user chooses what stands in one (its name, its command line, its environment), it is a stranger's.

use std::fs;
use std::path::Path;

use autoscaler::host::bpf;
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::machine::HostReader;
use autoscaler::host::process::{ProcessTable, Procfs};
use autoscaler::observe::workload::kind::{Kind, supervisor};
use autoscaler::observe::{concurrency_told, serving};
use autoscaler::words;

use super::{parts, scratch, told};

const PID: u32 = 10;

/// Files of /proc/PID, in the order of an input's parts.
const OF_PROCESS: [&str; 7] = [
    "stat",
    "status",
    "cgroup",
    "cmdline",
    "environ",
    "smaps_rollup",
    "wchan",
];

/// The files of one process.
pub(super) fn process(input: &[u8]) {
    let proc = scratch().join("proc");
    let own = proc.join(PID.to_string());
    make(&own);
    for (name, content) in OF_PROCESS.iter().zip(parts::<7>(input)) {
        write(&own.join(name), content);
    }
    write(&proc.join("uptime"), b"99.5 1.0\n");
    let procfs = Procfs::at(&proc);
    match procfs.stat(PID) {
        Ok(stat) => {
            std::hint::black_box((procfs.age(stat.id).is_ok(), procfs.is_alive(stat.id).is_ok()));
        }
        Err(error) => told(|language| words::process_error(language, &error)),
    }
    if let Err(error) = procfs.status(PID) {
        told(|language| words::process_error(language, &error));
    }
    let _ = procfs.cgroup(PID);
    let _ = procfs.environ(PID);
    let _ = procfs.held_kib(PID);
    let _ = serving(&procfs, PID);
    let _ = concurrency_told(&procfs, PID);
    if let Ok(arguments) = procfs.cmdline(PID) {
        let kind = Kind::of(&arguments);
        std::hint::black_box(kind.and_then(|kind| kind.without_signals(&arguments)));
        std::hint::black_box(supervisor(&arguments));
    }
    if let Ok(table) = ProcessTable::read(&procfs, &[PID]) {
        std::hint::black_box((table.roots().len(), table.children(PID).len()));
    }
}

/// The files of the host: those of /proc, and its mounts.
pub(super) fn host(input: &[u8]) {
    let proc = scratch().join("host");
    make(&proc.join("pressure"));
    make(&proc.join("self"));
    let [stat, meminfo, pressure, mountinfo] = parts(input);
    write(&proc.join("stat"), stat);
    write(&proc.join("meminfo"), meminfo);
    write(&proc.join("pressure/memory"), pressure);
    write(&proc.join("self/mountinfo"), mountinfo);
    let mut reader = HostReader::new(Procfs::at(&proc));
    // Twice: the second has a first to be compared with.
    for _ in 0..2 {
        if let Err(error) = reader.read() {
            told(|language| words::host_error(language, &error));
        }
    }
    let _ = reader.memory_pressure_percent();
    if let Err(error) = CgroupMount::discover(&Procfs::at(&proc)) {
        told(|language| words::cgroup_error(language, &error));
    }
}

/// Files of a cgroup, in the order of an input's parts.
const OF_CGROUP: [&str; 13] = [
    "cgroup.procs",
    "cpu.max",
    "cpuset.cpus.effective",
    "memory.current",
    "memory.max",
    "memory.high",
    "memory.events",
    "cgroup.events",
    "cpu.weight",
    "cpu.pressure",
    "cpu.stat",
    "pids.current",
    "pids.max",
];

/// The files of one cgroup.
pub(super) fn cgroup(input: &[u8]) {
    let mount = scratch().join("cgroup");
    make(&mount.join("site"));
    for (name, content) in OF_CGROUP.iter().zip(parts::<13>(input)) {
        write(&mount.join("site").join(name), content);
    }
    let opened = CgroupMount::at(&mount).open(Path::new("site"));
    let cgroup = opened.expect("the folder is there");
    let errors = [
        cgroup.processes().err(),
        cgroup.cpu_quota().err(),
        cgroup.memory().err(),
        cgroup.memory_high().err(),
        cgroup.memory_events().err(),
        cgroup.is_frozen().err(),
        cgroup.cpu_weight().err(),
        cgroup.cpu_pressure().err(),
        cgroup.tasks().err(),
        cgroup.tasks_max().err(),
        cgroup.throttling().err(),
        cgroup.cpu_totals().err(),
    ];
    for error in errors.iter().flatten() {
        told(|language| words::cgroup_error(language, error));
    }
    if let Ok(Some(cpus)) = cgroup.cpuset() {
        let _ = cgroup.allowed_cpus(&cpus);
    }
    if let (Ok(Some(one)), Ok(Some(other))) = (cgroup.throttling(), cgroup.throttling()) {
        std::hint::black_box(other.since(one));
    }
}

/// The kernel's description of its types.
pub(super) fn btf(input: &[u8]) {
    let file = scratch().join("btf");
    write(&file, input);
    if let Err(why) = bpf::fields_known(&file) {
        told(|language| words::without_ebpf(language, &why));
    }
}

fn make(folder: &Path) {
    fs::create_dir_all(folder).expect("the scratch folder is ours");
}

fn write(file: &Path, content: &[u8]) {
    fs::write(file, content).expect("the scratch folder is ours");
}
