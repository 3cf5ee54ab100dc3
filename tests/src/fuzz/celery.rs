//! What a worker answers to remote control: whoever may write to the broker can answer in its place.

use std::cell::OnceCell;
use std::fs;
use std::path::Path;
use std::time::Duration;

use autoscaler::host::cgroup::{Cgroup, CgroupMount};
use autoscaler::host::process::Procfs;
use autoscaler::observe::measure::celery::Inspector;
use autoscaler::observe::measure::queue::{Answer, Broker, Command, Depth, Reply};
use autoscaler::words;
use serde_json::Value;

use super::{block_on, parts, scratch, told};

const NODE: &str = "worker@host";

/// A broker on which somebody has these answers ready.
struct Answers {
    stats: Value,
    queues: Value,
    active: Value,
    reserved: Value,
}

impl Broker for Answers {
    fn depth<'a>(&'a mut self, _: &'a [String]) -> Answer<'a, Depth> {
        Box::pin(async { Ok(Depth::default()) })
    }

    fn call<'a>(&'a mut self, command: &'a Command<'a>, _: Duration) -> Answer<'a, Option<Vec<Reply>>> {
        let body = match command.method {
            "stats" => &self.stats,
            "active_queues" => &self.queues,
            "active" => &self.active,
            _ => &self.reserved,
        };
        let reply = Reply {
            node: NODE.to_owned(),
            body: body.clone(),
        };
        Box::pin(async { Ok(Some(vec![reply])) })
    }
}

/// Answers to `stats`, `active_queues`, `active` and `reserved`, twice: the second time the node is known.
pub(super) fn answers(input: &[u8]) {
    let [stats, queues, active, reserved] =
        parts(input).map(|part| serde_json::from_slice(part).unwrap_or_default());
    let mut broker = Answers {
        stats,
        queues,
        active,
        reserved,
    };
    let (procfs, cgroup) = host();
    let mut inspector = Inspector::new(&procfs, &cgroup);
    let queues = ["celery".to_owned()];
    block_on(async {
        for _ in 0..2 {
            if let Err(fault) = inspector.look(&mut broker, &queues, Some(3)).await {
                told(|language| words::pool_fault(language, &fault));
            }
        }
    });
}

/// A host on which the process 7 runs in the cgroup `site`, with two children.
fn host() -> (Procfs, Cgroup) {
    thread_local! {
        static MADE: OnceCell<()> = const { OnceCell::new() };
    }
    let (proc, mount) = (scratch().join("pool-proc"), scratch().join("pool-cgroup"));
    MADE.with(|made| *made.get_or_init(|| make(&proc, &mount)));
    let cgroup = CgroupMount::at(mount).open(Path::new("site"));
    (Procfs::at(proc), cgroup.expect("it was made"))
}

fn make(proc: &Path, mount: &Path) {
    let write = |path: &Path, text: &str| {
        fs::create_dir_all(path.parent().expect("a folder")).expect("the scratch folder is ours");
        fs::write(path, text).expect("the scratch folder is ours");
    };
    for (pid, parent) in [(7, 1), (8, 7), (9, 7)] {
        let stat = format!("{pid} (celery) S {parent} 1 1 0 -1 0 0 0 0 0 50 25 0 0 20 0 1 0 {pid} 0 0\n");
        write(&proc.join(format!("{pid}/stat")), &stat);
        write(&proc.join(format!("{pid}/cgroup")), "0::/site\n");
    }
    write(&mount.join("site/cgroup.procs"), "7\n8\n9\n");
}
