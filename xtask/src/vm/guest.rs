//! One guest: a QEMU process, watched over its two serial ports until it ends or has to be ended.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Machine;
use super::image::{Image, Kernel};
use super::verdict::{self, Event};
use crate::arch::Arch;

/// From power-on to the first scenario. A CPU in software is slow, a shared one slower.
const BOOT: Duration = Duration::from_mins(5);
/// Beyond a scenario's own deadline, which the guest keeps: for its clean-up, and for the next to start.
const GRACE: Duration = Duration::from_mins(2);
/// Between two looks at the serial ports.
const LOOK: Duration = Duration::from_millis(200);

/// Words on the console after which the guest is of no more use.
const FATAL: &[&str] = &[
    "Kernel panic",
    "BUG: unable to handle",
    "general protection fault",
    "soft lockup",
    "hard LOCKUP",
    "rcu_preempt detected stalls",
    "rcu_sched detected stalls",
    "emergency mode",
];

/// A virtual CPU may get no time for a while when the host is busy: that is no fault of the guest's kernel. Nor is it a fault
/// of its clock, which the kernel would give up by patching its own code: an emulated CPU may stumble over that.
const PATIENT: &str = "no_timer_check watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=300 tsc=reliable";

/// What a guest reaches beside itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    /// Nothing.
    None,
    /// This machine's loopback, as 10.0.2.2.
    Loopback,
}

impl Network {
    /// QEMU's word for it.
    fn card(self) -> &'static str {
        match self {
            Self::None => "none",
            // By IPv6 the guest would take a way to everywhere, unasked.
            Self::Loopback => "user,ipv6=off,model=virtio-net-pci",
        }
    }
}

/// The command line of QEMU, without serial ports.
pub(super) fn qemu(
    image: &Image,
    kernel: &Kernel,
    payload: &Path,
    machine: Machine,
    network: Network,
    append: &str,
) -> Command {
    let hardware = Hardware::of(image.arch);
    // The guest dies with this command, however it ends.
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", hardware.qemu])
        .args(["-accel", accelerator(image.arch), "-cpu", hardware.cpu, "-M", hardware.board])
        .args(["-display", "none", "-no-reboot", "-nic", network.card()])
        .args(["-smp", &machine.cpus.to_string()])
        .args(["-m", &machine.memory.to_string()])
        .args([
            "-object",
            "rng-random,id=rng,filename=/dev/urandom",
            "-device",
            "virtio-rng-pci,rng=rng",
        ])
        .arg("-kernel")
        .arg(&kernel.vmlinuz)
        .arg("-initrd")
        .arg(&kernel.initrd)
        .arg("-drive")
        .arg(format!(
            "file={},format=raw,if=virtio,snapshot=on",
            image.disk().display()
        ))
        .arg("-drive")
        .arg(format!(
            "file={},format=raw,if=virtio,cache=unsafe",
            payload.display()
        ))
        .arg("-append")
        .arg(format!(
            "root=/dev/vda rw console={} guest.verdicts={} guest.patience={} panic=-1 oops=panic mitigations=off {PATIENT} {append}",
            hardware.console,
            hardware.verdicts,
            patience(image.arch)
        ));
    command
}

/// How many times as long everything may take: to QEMU, another architecture than the machine's own is more work. The guest's own
/// deadlines are longer by as much (tests/guest/stage/guest.py).
fn patience(arch: Arch) -> u32 {
    if Arch::host().is_ok_and(|host| host == arch) {
        1
    } else {
        3
    }
}

/// What QEMU makes of an architecture, and how the guest calls it.
struct Hardware {
    qemu: &'static str,
    board: &'static str,
    cpu: &'static str,
    /// The first serial port, in the kernel's words.
    console: &'static str,
    /// The port of the verdicts, as a device of the guest.
    verdicts: &'static str,
    /// What that port is plugged into, with the character device `verdicts` behind it.
    port: &'static [&'static str],
}

impl Hardware {
    fn of(arch: Arch) -> Self {
        match arch {
            Arch::X86_64 => Self {
                qemu: "qemu-system-x86_64",
                board: "q35",
                cpu: "max",
                console: "ttyS0",
                verdicts: "/dev/ttyS1",
                port: &["-serial", "chardev:verdicts"],
            },
            Arch::Aarch64 => Self {
                qemu: "qemu-system-aarch64",
                board: "virt,gic-version=3",
                // Signed pointers by a quick function in place of the architecture's own, which takes half of all time in
                // software (docs/system/arm/cpu-features.rst of QEMU).
                cpu: "max,pauth-impdef=on",
                console: "ttyAMA0",
                // The board has one serial port.
                verdicts: "/dev/virtio-ports/verdicts",
                port: &[
                    "-device",
                    "virtio-serial-pci",
                    "-device",
                    "virtserialport,chardev=verdicts,name=verdicts",
                ],
            },
        }
    }
}

/// A CPU in software, one thread for each.
const SOFTWARE: &str = "tcg,thread=multi";

/// The CPU's own virtualization where it can be had, else a CPU in software.
///
/// A `/dev/kvm` alone says little: on a virtual machine without nested virtualization it may be there, and hang.
fn accelerator(arch: Arch) -> &'static str {
    if Arch::host().is_ok_and(|host| host != arch) {
        return SOFTWARE;
    }
    let flags = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let offered = flags
        .split_whitespace()
        .any(|flag| flag == "vmx" || flag == "svm" || arch == Arch::Aarch64);
    let open = || OpenOptions::new().read(true).write(true).open("/dev/kvm");
    if offered && open().is_ok() {
        "kvm"
    } else {
        SOFTWARE
    }
}

/// How a guest ended.
pub(super) struct Ended {
    /// What it said.
    pub(super) events: Vec<Event>,
    /// Why it was killed, when it was.
    pub(super) killed: Option<String>,
}

/// Boots a guest and watches it to its end. The serial ports are kept in `folder`.
pub(super) fn run(
    mut command: Command,
    arch: Arch,
    folder: &Path,
    mut tell: impl FnMut(&Event),
) -> Result<Ended> {
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    let mut console = Port::new(folder.join("console.log"))?;
    let mut verdicts = Port::new(folder.join("verdicts.log"))?;
    let child = command
        .arg("-serial")
        .arg(format!("file:{}", console.path.display()))
        .arg("-chardev")
        .arg(format!("file,id=verdicts,path={}", verdicts.path.display()))
        .args(Hardware::of(arch).port)
        .stdin(Stdio::null())
        .spawn()
        .context("setpriv cannot be run")?;
    let mut qemu = Qemu(child);
    let mut ended = Ended {
        events: Vec::new(),
        killed: None,
    };
    let patience = patience(arch);
    let mut give_up = Instant::now() + BOOT * patience;
    loop {
        let over = qemu.0.try_wait()?.is_some();
        for line in verdicts.lines()? {
            if let Some(event) = verdict::parse(&line) {
                give_up = Instant::now()
                    + match &event {
                        Event::Start { deadline, .. } => Duration::from_secs(*deadline) + GRACE * patience,
                        Event::Verdict(_) => GRACE * patience,
                    };
                tell(&event);
                ended.events.push(event);
            }
        }
        let fatal = console
            .lines()?
            .into_iter()
            .find(|line| FATAL.iter().any(|words| line.contains(words)));
        if let Some(line) = fatal {
            ended.killed = Some(format!("the console said: {}", line.trim()));
        } else if !over && Instant::now() > give_up {
            ended.killed = Some("no word from the guest within the deadline".to_owned());
        }
        if over || ended.killed.is_some() {
            return Ok(ended);
        }
        sleep(LOOK);
    }
}

/// Ends with its owner.
struct Qemu(Child);

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A serial port, written to a file by QEMU.
struct Port {
    path: PathBuf,
    read_to: u64,
    unfinished: Vec<u8>,
}

impl Port {
    fn new(path: PathBuf) -> Result<Self> {
        File::create(&path).with_context(|| format!("{}", path.display()))?;
        Ok(Self {
            path,
            read_to: 0,
            unfinished: Vec::new(),
        })
    }

    /// The lines that were finished since the last call.
    fn lines(&mut self) -> Result<Vec<String>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(self.read_to))?;
        let read = file.read_to_end(&mut self.unfinished)?;
        self.read_to += read as u64;
        let Some(end) = self.unfinished.iter().rposition(|byte| *byte == b'\n') else {
            return Ok(Vec::new());
        };
        let rest = self.unfinished.split_off(end + 1);
        let whole = std::mem::replace(&mut self.unfinished, rest);
        Ok(String::from_utf8_lossy(&whole)
            .lines()
            .map(str::to_owned)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::Port;

    #[test]
    fn a_line_is_seen_once_and_only_when_it_is_whole() {
        let path = std::env::temp_dir().join(format!("port-{}", std::process::id()));
        let mut port = Port::new(path.clone()).expect("the file is made");
        let write = |text: &str| {
            let mut file = OpenOptions::new()
                .append(true)
                .open(&path)
                .expect("the file is there");
            file.write_all(text.as_bytes()).expect("the disk has room");
        };
        write("one\ntw");
        assert_eq!(port.lines().expect("readable"), ["one"]);
        assert_eq!(port.lines().expect("readable"), [""; 0]);
        write("o\n");
        assert_eq!(port.lines().expect("readable"), ["two"]);
        std::fs::remove_file(&path).expect("it was there");
    }
}
