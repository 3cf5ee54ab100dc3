//! The bodies of remote control's messages (kombu/pidbox.py), the same on every broker.

use serde_json::{Value, json};

use crate::observe::measure::queue::{Command, Reply};

/// The body that asks for `command`, with the answer to go straight to `reply_queue`.
pub(crate) fn request(command: &Command<'_>, ticket: &str, reply_queue: &str) -> Value {
    json!({
        "method": command.method,
        "arguments": command.arguments,
        "destination": command.node.map(|node| [node]),
        "pattern": null,
        "matcher": null,
        "ticket": ticket,
        "reply_to": { "exchange": "", "routing_key": reply_queue },
    })
}

/// Reads an answer: an object with the node's name as its only key. Nothing when it is none.
pub(crate) fn reply(body: &[u8]) -> Option<Reply> {
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
        return None;
    };
    let (node, body) = body.into_iter().next()?;
    Some(Reply { node, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_goes_to_one_node_or_to_all() {
        let mut command = Command {
            method: "pool_grow",
            arguments: json!({ "n": 1 }),
            node: Some("a@h"),
        };
        let body = request(&command, "t", "q");
        assert_eq!(body["destination"], json!(["a@h"]));
        assert_eq!(body["arguments"], json!({ "n": 1 }));
        assert_eq!(body["reply_to"]["routing_key"], "q");
        command.node = None;
        assert_eq!(request(&command, "t", "q")["destination"], Value::Null);
    }

    #[test]
    fn an_answer_names_its_node() {
        let answer = reply(br#"{"a@h": {"ok": "pong"}}"#).unwrap();
        assert_eq!(
            answer,
            Reply {
                node: "a@h".into(),
                body: json!({ "ok": "pong" })
            }
        );
        for none in ["", "[]", "{}", "\"x\"", "\u{0}"] {
            assert_eq!(reply(none.as_bytes()), None);
        }
    }
}
