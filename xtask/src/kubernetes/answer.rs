//! What the server answers, held to what it was sent: of a key that it does not know it says nothing and drops it.

use serde_json::Value;

/// What was sent and does not stand in the answer, or stands there otherwise. What the server adds is its business.
pub(super) fn lost(sent: &Value, answered: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    compare(sent, Some(answered), "", &mut lost);
    lost
}

fn compare(sent: &Value, answered: Option<&Value>, place: &str, lost: &mut Vec<String>) {
    match (sent, answered) {
        // What is empty or zero is left out of an answer, as Go has it (`omitempty`).
        (sent, None) if is_empty(sent) => {}
        (_, None) => lost.push(format!("{place} is missing in the answer")),
        (Value::Null, _) => {}
        (Value::Object(sent), Some(Value::Object(answered))) => {
            for (key, value) in sent {
                compare(value, answered.get(key), &format!("{place}.{key}"), lost);
            }
        }
        (Value::Array(sent), Some(Value::Array(answered))) => {
            for (number, value) in sent.iter().enumerate() {
                compare(value, answered.get(number), &format!("{place}[{number}]"), lost);
            }
        }
        (sent, Some(answered)) if sent == answered => {}
        (sent, Some(answered)) => {
            lost.push(format!("{place} was sent as {sent} and came back as {answered}"));
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        // A list of what is empty is not: its length says something.
        Value::Array(values) => values.is_empty(),
        Value::Object(fields) => fields.values().all(is_empty),
        Value::Bool(true) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::lost;
    use serde_json::json;

    #[test]
    fn what_the_server_adds_is_no_loss() {
        let sent = json!({ "spec": { "ports": [{ "port": 1 }] } });
        let answered = json!({ "spec": { "ports": [{ "port": 1, "protocol": "TCP" }], "type": "ClusterIP" }, "status": {} });
        assert!(lost(&sent, &answered).is_empty());
    }

    #[test]
    fn a_key_that_is_dropped_is_named_with_its_place() {
        let sent = json!({ "spec": { "containers": [{ "name": "a" }, { "name": "b", "imige": "x" }] } });
        let answered = json!({ "spec": { "containers": [{ "name": "a" }, { "name": "b" }] } });
        assert_eq!(
            lost(&sent, &answered),
            [".spec.containers[1].imige is missing in the answer"]
        );
    }

    #[test]
    fn a_dropped_object_or_element_is_one_loss() {
        let sent = json!({ "probe": { "grpc": { "port": 1, "service": "s" } }, "list": [1, 2] });
        let answered = json!({ "probe": {}, "list": [1] });
        assert_eq!(
            lost(&sent, &answered),
            [
                ".list[1] is missing in the answer",
                ".probe.grpc is missing in the answer"
            ]
        );
    }

    #[test]
    fn another_value_or_type_is_a_loss() {
        let sent = json!({ "replicas": 2, "labels": { "a": "b" } });
        let answered = json!({ "replicas": 1, "labels": [] });
        assert_eq!(
            lost(&sent, &answered),
            [
                r#".labels was sent as {"a":"b"} and came back as []"#,
                ".replicas was sent as 2 and came back as 1"
            ]
        );
    }

    #[test]
    fn what_is_empty_may_be_left_out() {
        let sent = json!({ "a": {}, "b": [], "c": null, "d": false, "e": 0, "f": "", "g": { "h": {} } });
        assert!(lost(&sent, &json!({})).is_empty());
        assert_eq!(lost(&json!({ "a": [0] }), &json!({})).len(), 1);
        assert_eq!(lost(&json!({ "a": true }), &json!({})).len(), 1);
        assert_eq!(lost(&json!({ "a": false }), &json!({ "a": true })).len(), 1);
        assert_eq!(lost(&json!({ "a": null }), &json!({ "a": 1 })), [""; 0]);
    }
}
