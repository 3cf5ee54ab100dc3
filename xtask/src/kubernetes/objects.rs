//! The objects of the manifests, as the server is sent them.

use std::fmt;

use anyhow::{Context, Result};
use autoscaler_tests::Venv;
use autoscaler_tests::helm;
use serde_json::{Value, json};

/// An object of one of our manifests.
pub(super) struct Object {
    /// The manifest.
    pub(super) of: String,
    /// What the server is sent.
    pub(super) sent: Value,
    /// What of it is said in other words than ours, which are younger than the server.
    pub(super) otherwise: Vec<String>,
}

impl Object {
    /// What kind it is of.
    pub(super) fn kind(&self) -> &str {
        self.sent["kind"].as_str().unwrap_or("an object without a kind")
    }

    /// The namespace that it lives in.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.sent["metadata"]["namespace"].as_str()
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.kind())?;
        if let Some(namespace) = self.namespace() {
            write!(f, "{namespace}/")?;
        }
        let name = self.sent["metadata"]["name"].as_str().unwrap_or("without a name");
        write!(f, "{name} ({})", self.of)
    }
}

/// Every object of every manifest, and of all that the chart can be asked for.
pub(super) fn all(venv: &Venv) -> Result<Vec<Object>> {
    let texts = helm::every_manifest(venv)?;
    let told = helm::run(venv, "kubernetes.py", &json!({ "versions": [], "texts": texts }))?;
    let objects: Vec<(String, Value)> =
        serde_json::from_value(told["objects"].clone()).context("the objects of the manifests")?;
    let objects = objects.into_iter().map(|(of, mut sent)| {
        let otherwise = to_older_words(&mut sent);
        Object { of, sent, otherwise }
    });
    Ok(objects.collect())
}

/// Says in the words of Kubernetes 1.20 what is said in younger ones; returns what that was. The published schemas hold the younger
/// words (the test `every_manifest_is_what_kubernetes_publishes_of_its_kind`).
fn to_older_words(object: &mut Value) -> Vec<String> {
    let mut said = Vec::new();
    if object["apiVersion"] == "autoscaling/v2" {
        // The same fields: v2 is v2beta2, called stable with Kubernetes 1.23.
        object["apiVersion"] = json!("autoscaling/v2beta2");
        said.push("sent as autoscaling/v2beta2".to_owned());
    }
    let Some(template) = object.pointer_mut("/spec/template") else {
        return said;
    };
    let mut unconfined = Vec::new();
    let containers = template
        .pointer_mut("/spec/containers")
        .and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        // With Kubernetes 1.30 an annotation became a field.
        let profile = container
            .get_mut("securityContext")
            .and_then(Value::as_object_mut);
        if profile.and_then(|context| context.remove("appArmorProfile"))
            == Some(json!({ "type": "Unconfined" }))
        {
            unconfined.push(container["name"].as_str().unwrap_or_default().to_owned());
        }
        for name in ["startupProbe", "readinessProbe", "livenessProbe"] {
            // Since Kubernetes 1.24 the kubelet asks over gRPC itself.
            let probe = container.get_mut(name).and_then(Value::as_object_mut);
            if let Some(probe) = probe
                && let Some(grpc) = probe.remove("grpc")
            {
                probe.insert("tcpSocket".to_owned(), json!({ "port": grpc["port"] }));
                said.push(format!("its {name} sent as tcpSocket for grpc"));
            }
        }
    }
    for container in unconfined {
        template["metadata"]["annotations"]
            [format!("container.apparmor.security.beta.kubernetes.io/{container}")] = json!("unconfined");
        said.push("appArmorProfile sent as the annotation".to_owned());
    }
    said
}

#[cfg(test)]
mod tests {
    use super::to_older_words;
    use serde_json::json;

    #[test]
    fn younger_words_are_said_in_older_ones_and_named() {
        let mut object = json!({ "kind": "DaemonSet", "spec": { "template": { "metadata": {}, "spec": { "containers": [{
            "name": "c",
            "securityContext": { "runAsUser": 0, "appArmorProfile": { "type": "Unconfined" } },
            "readinessProbe": { "grpc": { "port": 1 }, "periodSeconds": 2 } }] } } } });
        assert_eq!(
            to_older_words(&mut object),
            [
                "its readinessProbe sent as tcpSocket for grpc",
                "appArmorProfile sent as the annotation"
            ]
        );
        let template = &object["spec"]["template"];
        assert_eq!(
            template["metadata"]["annotations"],
            json!({ "container.apparmor.security.beta.kubernetes.io/c": "unconfined" })
        );
        let container = &template["spec"]["containers"][0];
        assert_eq!(container["securityContext"], json!({ "runAsUser": 0 }));
        assert_eq!(
            container["readinessProbe"],
            json!({ "tcpSocket": { "port": 1 }, "periodSeconds": 2 })
        );
    }

    #[test]
    fn what_the_server_knows_is_left_as_it_is() {
        let service = json!({ "apiVersion": "v1", "kind": "Service", "spec": { "ports": [{ "port": 1 }] } });
        let mut sent = service.clone();
        assert!(to_older_words(&mut sent).is_empty());
        assert_eq!(sent, service);
        let mut autoscaler = json!({ "apiVersion": "autoscaling/v2", "spec": {} });
        assert_eq!(to_older_words(&mut autoscaler).len(), 1);
        assert_eq!(autoscaler["apiVersion"], "autoscaling/v2beta2");
    }
}
