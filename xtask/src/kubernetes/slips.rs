//! Manifests that are wrong on purpose: were one of them taken, it would mean nothing that the others are.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::kubectl::Kubectl;
use super::objects::Object;
use super::{Tally, answer};

/// What is made wrong.
enum Slip {
    /// In the object at a place a key is misspelt: where it is, how it is called, how it is written.
    Misspelt(&'static str, &'static str, &'static str),
    /// At a place stands what may not stand there.
    Put(&'static str, Value),
}

impl Slip {
    /// Makes it in an object.
    ///
    /// # Errors
    /// When the object has no such place.
    fn make(&self, object: &mut Value) -> Result<String> {
        match self {
            Self::Misspelt(place, right, wrong) => {
                let fields = object.pointer_mut(place).and_then(Value::as_object_mut);
                let fields = fields.with_context(|| format!("no object at {place}"))?;
                let value = fields.remove(*right);
                let value = value.with_context(|| format!("no {right} at {place}"))?;
                fields.insert((*wrong).to_owned(), value);
                Ok(format!("{wrong} in place of {right}"))
            }
            Self::Put(place, value) => {
                let there = object.pointer_mut(place);
                *there.with_context(|| format!("nothing at {place}"))? = value.clone();
                Ok(format!("{value} at {place}"))
            }
        }
    }
}

/// A manifest that is made wrong.
struct Case {
    /// The first of this kind.
    kind: &'static str,
    slip: Slip,
    /// What stands in the words by which it is found: it could be refused for something else.
    found: &'static str,
}

impl Case {
    /// A key that the server does not know.
    fn misspelt(kind: &'static str, place: &'static str, right: &'static str, wrong: &'static str) -> Self {
        Self {
            kind,
            slip: Slip::Misspelt(place, right, wrong),
            found: wrong,
        }
    }

    /// A value that may not be there.
    fn put(kind: &'static str, place: &'static str, value: Value, found: &'static str) -> Self {
        Self {
            kind,
            slip: Slip::Put(place, value),
            found,
        }
    }
}

fn cases() -> [Case; 9] {
    let component = "/spec/selector/matchLabels/app.kubernetes.io~1component";
    let target = "/spec/metrics/0/external/target/averageValue";
    [
        Case::misspelt("DaemonSet", "/spec/template/spec", "hostPID", "hostPid"),
        Case::misspelt(
            "PodMonitor",
            "/spec/podMetricsEndpoints/0",
            "interval",
            "intervall",
        ),
        Case::misspelt("ScaledObject", "/spec", "maxReplicaCount", "maxReplicas"),
        // Another type.
        Case::put("HorizontalPodAutoscaler", target, json!([]), "quantities must"),
        Case::put(
            "PrometheusRule",
            "/spec/groups/0/rules/0/expr",
            json!([]),
            "\"array\"",
        ),
        Case::put(
            "ScaledObject",
            "/spec/maxReplicaCount",
            json!("many"),
            "of type integer",
        ),
        // What no schema says.
        Case::put("Deployment", component, json!("other"), "does not match"),
        Case::put(
            "Service",
            "/spec/ports/0/port",
            json!(65536),
            "between 1 and 65535",
        ),
        Case::put(
            "ServiceAccount",
            "/metadata/name",
            json!("Autoscaler"),
            "lower case",
        ),
    ]
}

/// Whether each is refused, or its loss found.
pub(super) fn ask(kubectl: &Kubectl, objects: &[Object], tally: &mut Tally) -> Result<()> {
    for Case { kind, slip, found } in cases() {
        let Some(right) = objects.iter().find(|object| object.kind() == kind) else {
            bail!("there is no {kind} to make wrong");
        };
        let mut wrong = right.sent.clone();
        let what = slip.make(&mut wrong).with_context(|| right.to_string())?;
        // The server itself and our own look at its answer are to find it, not kubectl before them.
        let said = match kubectl.dry_run(&wrong, false)? {
            Ok(answered) => answer::lost(&wrong, &answered).join("; "),
            Err(why) => why,
        };
        let well = said.contains(found);
        let said = if said.is_empty() { "it is taken" } else { &said };
        tally.add("found", &format!("{kind} with {what}"), well, said);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Slip;
    use serde_json::json;

    #[test]
    fn a_slip_is_made_where_it_is_said_to_be() {
        let mut object = json!({ "spec": { "a/b": [{ "port": 1 }] } });
        Slip::Misspelt("/spec/a~1b/0", "port", "prot")
            .make(&mut object)
            .unwrap();
        assert_eq!(object, json!({ "spec": { "a/b": [{ "prot": 1 }] } }));
        Slip::Put("/spec/a~1b", json!(0)).make(&mut object).unwrap();
        assert_eq!(object, json!({ "spec": { "a/b": 0 } }));
    }

    #[test]
    fn a_slip_that_cannot_be_made_is_told() {
        let mut object = json!({ "spec": {} });
        assert!(Slip::Misspelt("/spec", "port", "prot").make(&mut object).is_err());
        assert!(Slip::Put("/spec/port", json!(0)).make(&mut object).is_err());
    }
}
