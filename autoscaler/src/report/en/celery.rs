//! What a count of waiting tasks leaves out.

use crate::model::{Place, Uncounted, queues_line, quoted};

/// What is left out, and the line that has it counted.
pub(in crate::report) fn uncounted(what: &Uncounted) -> String {
    match what {
        Uncounted::Lists { lists, tasks, remedy } => format!(
            "{} in Redis that nobody counts ({}): write {} in this project, as the application's broker_transport_options have it",
            if *tasks == 1 {
                "1 task of its queues waits in lists".to_owned()
            } else {
                format!("{tasks} tasks of its queues wait in lists")
            },
            lists
                .iter()
                .map(|list| quoted(list))
                .collect::<Vec<_>>()
                .join(", "),
            remedy.line()
        ),
        Uncounted::Elsewhere { places } => format!(
            "nothing of its queues is where they are counted, but Celery's workers have their keys elsewhere on this server: if they are this project's, write {}",
            places.iter().map(Place::lines).collect::<Vec<_>>().join(", or ")
        ),
        Uncounted::Queues { node, queues, all } => format!(
            "the node {node} also takes tasks from {}, which nobody counts: write {}",
            queues.join(", "),
            queues_line(all)
        ),
    }
}
