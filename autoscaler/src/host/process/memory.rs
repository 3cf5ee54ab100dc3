//! How much memory a process holds.

use crate::host::process::{Procfs, read};
use crate::model::{Lack, ProcessError};

impl Procfs {
    /// Memory that the process holds, KiB, each shared page counted by the share of it: `Pss` of
    /// `/proc/PID/smaps_rollup`. Where that may not be read, what is resident, shared pages counted whole: the second
    /// field of `/proc/PID/statm` (`proc_pid_statm(5)`).
    pub fn held_kib(&self, pid: u32) -> Result<u64, ProcessError> {
        match read(pid, &self.path(pid, "smaps_rollup")) {
            Ok(text) => proportional(&text).ok_or_else(|| ProcessError::Malformed {
                path: self.path(pid, "smaps_rollup"),
                what: Lack::line("Pss"),
            }),
            Err(gone @ ProcessError::Gone { .. }) => Err(gone),
            Err(_) => {
                let path = self.path(pid, "statm");
                let text = read(pid, &path)?;
                resident(&text).ok_or(ProcessError::Malformed {
                    path,
                    what: Lack::ResidentPages,
                })
            }
        }
    }
}

fn proportional(smaps_rollup: &str) -> Option<u64> {
    let line = smaps_rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn resident(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * (rustix::param::page_size() as u64 >> 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_shared_pages_is_what_counts() {
        let text =
            "55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:  41200 kB\nPss:  18305 kB\nPss_Anon: 9 kB\n";
        assert_eq!(proportional(text), Some(18_305));
        assert_eq!(proportional(""), None);
    }

    #[test]
    fn this_process_holds_something() {
        let procfs = Procfs::default();
        assert!(procfs.held_kib(std::process::id()).unwrap() > 0);
        let statm = read(1, &procfs.path(std::process::id(), "statm")).unwrap();
        assert!(resident(&statm).unwrap() > 0);
    }
}
