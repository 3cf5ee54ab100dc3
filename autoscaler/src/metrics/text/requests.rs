//! Requests, as the kernel has counted them up to this moment.

use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;

use super::times::seconds;
use super::{Sample, Times, counter, family, flag, gauge, look};
use crate::metrics::{ProjectScrape, Scrape};
use crate::model::{ListenQueue, RequestLook, RequestsWay};

impl Scrape {
    /// The requests of the projects that want them seen.
    pub(super) fn requests(&self, out: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let seen = self.requests_way.map(|way| {
            let seen = way != RequestsWay::ListenQueues;
            (vec![("by", way.code().to_owned())], flag(seen))
        });
        gauge(
            out,
            "autoscaler_requests_seen",
            "Whether the requests of the projects that want it can be seen, and by what the kernel tells of them",
            seen,
        )?;
        counter(
            out,
            "autoscaler_requests_answered",
            "Requests that were answered",
            self.counted(|look| look.counted.answered as f64),
        )?;
        counter(
            out,
            "autoscaler_requests_abandoned",
            "Requests whose connection was closed without an answer",
            self.counted(|look| look.counted.abandoned as f64),
        )?;
        counter(
            out,
            "autoscaler_requests_busy_seconds",
            "Time of service of all requests together",
            self.counted(|look| seconds(look.counted.busy_ns)),
        )?;
        let waits = self.each_look().map(|(labels, look)| {
            let counted = &look.counted;
            (labels, Times::of(&counted.waits, counted.wait_ns))
        });
        family(
            out,
            "autoscaler_request_wait_seconds",
            "How long requests waited before a worker read them",
            waits,
            std::convert::identity,
        )?;
        gauge(
            out,
            "autoscaler_requests_waiting",
            "Requests that wait now",
            self.counted(|look| look.live.iter().filter(|live| live.waiting_since > 0).count() as f64),
        )?;
        gauge(
            out,
            "autoscaler_requests_serving",
            "Requests that are served now",
            self.counted(|look| look.live.iter().filter(|live| live.served_since > 0).count() as f64),
        )?;
        gauge(
            out,
            "autoscaler_request_slots",
            "Requests that the project's workers can serve at a time; left out where nobody knows",
            self.each(|project| Some(f64::from(look(project)?.figures.requests?.slots?))),
        )?;
        gauge(
            out,
            "autoscaler_requests_long",
            "Requests that are served for longer than one should take, at the last check",
            self.each(|project| Some(f64::from(look(project)?.figures.requests?.long))),
        )?;
        gauge(
            out,
            "autoscaler_listen_queue_waiting",
            "Connections to a listening socket of the project that nobody had accepted at the last check",
            self.sockets(|queue| Some(f64::from(queue.waiting))),
        )?;
        gauge(
            out,
            "autoscaler_listen_queue_limit",
            "As many such connections as there is room for",
            self.sockets(|queue| Some(f64::from(queue.limit))),
        )?;
        counter(
            out,
            "autoscaler_listen_queue_dropped",
            "Connections that the kernel has thrown away for want of room; left out where it does not count them",
            self.sockets(|queue| Some(queue.dropped? as f64)),
        )
    }

    fn sockets(&self, figure: fn(&ListenQueue) -> Option<f64>) -> impl Iterator<Item = Sample> {
        self.projects.iter().flat_map(move |(name, project)| {
            project.listening.iter().filter_map(move |queue| {
                let labels = vec![("project", name.clone()), ("address", queue.address.clone())];
                Some((labels, figure(queue)?))
            })
        })
    }

    fn counted(&self, figure: fn(&RequestLook) -> f64) -> impl Iterator<Item = Sample> {
        self.each_look().map(move |(labels, look)| (labels, figure(look)))
    }

    fn each_look(&self) -> impl Iterator<Item = (super::Labels, &RequestLook)> {
        self.projects
            .iter()
            .filter_map(|(name, project): (&String, &ProjectScrape)| {
                Some((vec![("project", name.clone())], project.requests.as_ref()?))
            })
    }
}
