//! Run time of each of the request programs per event, by whose socket it is.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use autoscaler::host::requests::RequestWatch as _;
use autoscaler_tests::{ScratchCgroup, cgroup};
use serde_json::{Value, json};

use super::echo::{Ends, connections, listener, messages};
use super::programs::{AllRan, Attached, PROGRAMS};
use crate::bench::programs::Statistics;
use crate::bench::report::Section;
use crate::bench::series::Series;
use crate::build_ebpf;

const MESSAGES: usize = 20_000;
const CONNECTIONS: usize = 2_000;

/// Looks at what is live, in each round.
const LOOKS: u32 = 200;

/// `gone` is told of connections, the others of messages.
const GONE: usize = 3;

/// Where a program ran: on sockets that it keeps no record of, on a server's that nobody asks about, on one whose requests
/// are wanted.
const PLACES: [&str; 5] = [
    "no record, TCP: a client's, or somebody else's server's",
    "no record, Unix: a client's",
    "somebody else's server, Unix",
    "**a watched server**, TCP",
    "**a watched server**, Unix",
];

/// By program, ns of a run: ours and the empty one's.
type Both = [(f64, f64); PROGRAMS.len()];

/// By place, ours and the empty program's.
type Figures = [(Series, Series); PLACES.len()];

pub(in crate::bench) fn measure(rounds: u32) -> Result<Section> {
    let mut attached = Attached::ours()?;
    let empty = Attached::empty(&build_ebpf::comparison()?)?;
    let _statistics = Statistics::on()?;
    let both = |attached: &Attached<_>, load: &dyn Fn() -> Result<()>| -> Result<Both> {
        let mut ours = AllRan::default();
        let empty = empty.during(|| {
            ours = attached.during(load)?;
            Ok(())
        })?;
        Ok(std::array::from_fn(|program| {
            (ours[program].mean(), empty[program].mean())
        }))
    };
    let nobodys = ScratchCgroup::new("bench-nobodys")?;
    let mut messages_of: [Figures; GONE] = Default::default();
    let mut states: [(Series, Series); 2] = Default::default();
    let ours = listener()?;
    let mut look = Series::default();
    for _ in 0..rounds {
        attached.held.want(0, nobodys.path())?;
        // At a port that nobody has asked about.
        let theirs = listener()?;
        let foreign = both(&attached, &|| connections(&theirs, CONNECTIONS))?[GONE];
        let tcp = both(&attached, &|| messages(Ends::Tcp(&theirs), MESSAGES))?;
        let pair = both(&attached, &|| messages(Ends::UnixPair, MESSAGES))?;
        let unix = both(&attached, &|| messages(Ends::Unix, MESSAGES))?;
        drop(theirs);
        attached.held.want(0, &own_cgroup()?)?;
        let watched_tcp = both(&attached, &|| messages(Ends::Tcp(&ours), MESSAGES))?;
        let watched_unix = both(&attached, &|| messages(Ends::Unix, MESSAGES))?;
        let watched = both(&attached, &|| connections(&ours, CONNECTIONS))?[GONE];
        let start = Instant::now();
        for _ in 0..LOOKS {
            attached.held.look(&[0])?;
        }
        look.add(start.elapsed().as_secs_f64() * 1e6 / f64::from(LOOKS));
        for (state, mean) in states.iter_mut().zip([foreign, watched]) {
            state.0.add(mean.0);
            state.1.add(mean.1);
        }
        for (program, figures) in messages_of.iter_mut().enumerate() {
            let (tcp, pair) = (tcp[program], pair[program]);
            // One in two runs is at the client's end.
            let server = |both: (f64, f64), client: (f64, f64)| (2.0 * both.0 - client.0, both.1);
            let means = [
                tcp,
                pair,
                server(unix[program], pair),
                server(watched_tcp[program], tcp),
                server(watched_unix[program], pair),
            ];
            for ((run, empty), mean) in figures.iter_mut().zip(means) {
                run.add(mean.0);
                empty.add(mean.1);
            }
        }
    }
    let mut rows = Vec::new();
    let mut data = serde_json::Map::new();
    let mut add = |program: &str, place: &str, figures: &(Series, Series)| {
        let (run, empty) = figures;
        let net = run.median() - empty.median();
        rows.push(vec![
            program.to_owned(),
            place.to_owned(),
            run.show(0),
            empty.show(0),
            format!("{net:.0}"),
        ]);
        let figures = json!({ "ours_ns": run.json(), "empty_ns": empty.json(), "net_ns": net });
        data.insert(format!("{program}, {}", place.replace('*', "")), figures);
    };
    for ((program, _), figures) in PROGRAMS.iter().zip(&messages_of) {
        for (place, figures) in PLACES.iter().zip(figures) {
            add(program, place, figures);
        }
    }
    let whose = ["nobody's connections", "**connections to a watched server**"];
    for (place, figures) in whose.iter().zip(&states) {
        add("gone", place, figures);
    }
    data.insert("look_us".to_owned(), look.json());
    Ok(Section {
        title: "Requests: cost per event",
        note: format!(
            "Run time per event in ns by the kernel's own `bpf_stats`, {rounds} rounds of {MESSAGES} messages to and fro between \
             two threads that do nothing else, and of {CONNECTIONS} connections, beside an empty program on the same tracepoint: \
             net is without it. A server's end is told from its client's by taking off what the client's costs. `gone` is run \
             for either end of a connection. A look at what is live on all connections takes {} µs, one after the other.",
            look.show(1)
        ),
        columns: vec!["program", "socket", "ours, ns", "empty, ns", "net"],
        rows,
        data: Value::Object(data),
    })
}

/// The cgroup of this process: the line `0::PATH` of cgroups(7).
fn own_cgroup() -> Result<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup")?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"));
    Ok(cgroup::mount()?.join(path.context("no cgroup")?))
}
