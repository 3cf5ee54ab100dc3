//! The orders given by hand that still hold.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::Order;
use crate::words::Bilingual;

/// An order and how long it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Given {
    pub(super) order: Order,
    pub(super) term: Term,
    /// Who gave it.
    pub(super) by: Bilingual,
}

/// How long an order holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Term {
    /// Until it has been decided on: then the thresholds rule again.
    Once,
    /// Until this `CLOCK_MONOTONIC`.
    Until(Duration),
    /// Until somebody ends it.
    Resumed,
}

/// At most one order a project: the last one given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Orders(BTreeMap<String, Given>);

impl Orders {
    pub(super) fn give(&mut self, project: &str, given: Given) {
        self.0.insert(project.to_owned(), given);
    }

    pub(super) fn get(&self, project: &str) -> Option<&Given> {
        self.0.get(project)
    }

    /// Ends the order of a project.
    pub(super) fn end(&mut self, project: &str) -> Option<Given> {
        self.0.remove(project)
    }

    /// Ends the order of a project if it was to hold only once.
    pub(super) fn end_once(&mut self, project: &str) {
        if self.get(project).is_some_and(|given| given.term == Term::Once) {
            self.end(project);
        }
    }

    /// The order that a check decides under; one that holds only once ends with this.
    pub(super) fn take(&mut self, project: &str) -> Option<Order> {
        let given = self.0.get(project)?;
        let order = given.order;
        if given.term == Term::Once {
            self.0.remove(project);
        }
        Some(order)
    }

    /// Ends the orders whose time is over, and names their projects.
    pub(super) fn expire(&mut self, now: Duration) -> Vec<String> {
        let over: Vec<String> = self
            .0
            .iter()
            .filter(|(_, given)| matches!(given.term, Term::Until(end) if end <= now))
            .map(|(project, _)| project.clone())
            .collect();
        for project in &over {
            self.0.remove(project);
        }
        over
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|project, _| keep(project));
    }

    /// What is worth keeping over a restart.
    pub(super) fn lasting(&self) -> Self {
        let lasting = self.0.iter().filter(|(_, given)| given.term != Term::Once);
        Self(
            lasting
                .map(|(project, given)| (project.clone(), given.clone()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(order: Order, term: Term) -> Given {
        Given {
            order,
            term,
            by: "root".into(),
        }
    }

    #[test]
    fn an_order_for_once_ends_when_it_is_decided_on() {
        let mut orders = Orders::default();
        orders.give("a", given(Order::Scale(3), Term::Once));
        assert_eq!(orders.lasting(), Orders::default());
        assert_eq!(orders.take("a"), Some(Order::Scale(3)));
        assert_eq!(orders.take("a"), None);
    }

    #[test]
    fn an_order_for_a_time_ends_with_it_and_a_pause_with_a_word() {
        let mut orders = Orders::default();
        let second = Duration::from_secs(1);
        orders.give("a", given(Order::Scale(3), Term::Until(second * 10)));
        orders.give("b", given(Order::Pause, Term::Resumed));
        assert!(orders.expire(second * 9).is_empty());
        assert_eq!(orders.take("a"), Some(Order::Scale(3)));
        assert_eq!(orders.expire(second * 10), ["a"]);
        assert_eq!(orders.take("a"), None);
        assert!(orders.expire(second * 1_000_000).is_empty());
        assert!(orders.end("b").is_some());
        assert_eq!(orders, Orders::default());
    }

    #[test]
    fn the_last_order_counts() {
        let mut orders = Orders::default();
        orders.give("a", given(Order::Pause, Term::Resumed));
        orders.give("a", given(Order::Scale(2), Term::Once));
        assert_eq!(orders.take("a"), Some(Order::Scale(2)));
        assert_eq!(orders.take("a"), None);
    }
}
