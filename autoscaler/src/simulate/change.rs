//! `--set KEY=VALUE`: one value of a configuration's text replaced, the rest left as it is written, so that the
//! configuration's own validation tells of a fault in its place.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

/// Why a change cannot be made.
#[derive(Debug)]
pub enum ChangeError {
    /// No `KEY=VALUE`.
    NoValue(String),
    /// The key's first part is neither `global` nor a project.
    NoProject {
        /// The change.
        change: String,
        /// The part that should name a project.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A part of the key names a value that holds no others.
    NoObject {
        /// The change.
        change: String,
        /// The part of the key.
        key: String,
    },
    /// Nothing left to set.
    Whole(String),
}

told_by_words!(ChangeError);

/// Makes the change `KEY=VALUE` in the text of a configuration. A text that is no JSON object is returned as
/// it is: the configuration's own parser tells what is wrong with it.
pub fn change(text: &str, change: &str) -> Result<String, ChangeError> {
    let (key, value) = change
        .split_once('=')
        .map(|(key, value)| (key.trim(), value.trim()))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .ok_or_else(|| ChangeError::NoValue(change.to_owned()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Some((root, top)) = CstRootNode::parse(text, &ParseOptions::default())
        .ok()
        .and_then(|root| root.object_value().map(|top| (root, top)))
    else {
        return Ok(text.to_owned());
    };
    let (mut object, rest) = find(&top, key, change)?;
    let parts: Vec<&str> = rest.split('.').collect();
    let Some((last, path)) = parts.split_last().filter(|(last, _)| !last.is_empty()) else {
        return Err(ChangeError::Whole(key.trim_end_matches('.').to_owned()));
    };
    for part in path {
        object = object
            .object_value_or_create(part)
            .ok_or_else(|| ChangeError::NoObject {
                change: change.to_owned(),
                key: (*part).to_owned(),
            })?;
    }
    let value = input(value);
    match object.get(last) {
        Some(property) => property.set_value(value),
        None => {
            object.append(last, value);
        }
    }
    Ok(root.to_string())
}

/// The object that the first part of the key names, and the rest of the key.
fn find<'k>(top: &CstObject, key: &'k str, change: &str) -> Result<(CstObject, &'k str), ChangeError> {
    let rest_after = |name: &str| -> Option<&'k str> {
        let rest = key.strip_prefix(name)?;
        rest.strip_prefix('.').or(rest.is_empty().then_some(rest))
    };
    if let Some(rest) = rest_after("global") {
        let global = top.object_value_or_create("global");
        return global
            .map(|global| (global, rest))
            .ok_or_else(|| ChangeError::NoObject {
                change: change.to_owned(),
                key: "global".into(),
            });
    }
    let projects = top.object_value("projects").unwrap_or_else(|| top.clone());
    let key_from_projects = rest_after("projects").filter(|_| top.get("projects").is_some());
    if let Some(inner) = key_from_projects {
        return find_project(&projects, inner, change);
    }
    find_project(&projects, key, change)
}

fn find_project<'k>(
    projects: &CstObject,
    key: &'k str,
    change: &str,
) -> Result<(CstObject, &'k str), ChangeError> {
    let names: Vec<String> = projects
        .properties()
        .iter()
        .filter(|property| property.object_value().is_some())
        .filter_map(jsonc_parser::cst::CstObjectProp::decoded_name)
        .filter(|name| name != "global")
        .collect();
    // A project's name may have dots in it: the longest that fits is meant.
    let found = names
        .iter()
        .filter_map(|name| {
            let rest = key.strip_prefix(name.as_str())?;
            Some((name, rest.strip_prefix('.').or(rest.is_empty().then_some(rest))?))
        })
        .max_by_key(|(name, _)| name.len());
    if let Some((name, rest)) = found
        && let Some(project) = projects.object_value(name)
    {
        return Ok((project, rest));
    }
    let name = key.split('.').next().unwrap_or_default();
    Err(ChangeError::NoProject {
        change: change.to_owned(),
        name: name.to_owned(),
        known: names,
    })
}

/// A value as it is written in JSON; anything else is a text.
fn input(value: &str) -> CstInputValue {
    fn convert(value: serde_json::Value) -> CstInputValue {
        match value {
            serde_json::Value::Null => CstInputValue::Null,
            serde_json::Value::Bool(value) => CstInputValue::Bool(value),
            serde_json::Value::Number(value) => CstInputValue::Number(value.to_string()),
            serde_json::Value::String(value) => CstInputValue::String(value),
            serde_json::Value::Array(values) => {
                CstInputValue::Array(values.into_iter().map(convert).collect())
            }
            serde_json::Value::Object(fields) => CstInputValue::Object(
                fields
                    .into_iter()
                    .map(|(key, value)| (key, convert(value)))
                    .collect(),
            ),
        }
    }
    serde_json::from_str(value).map_or_else(|_| CstInputValue::String(value.to_owned()), convert)
}

#[cfg(test)]
mod tests {
    use super::super::told::change_error;
    use super::*;
    use crate::config::parse;
    use crate::model::Language;
    use crate::words::config_errors;

    const TEXT: &str = r#"{
  // as it is
  "a": { "enabled": true, "max_workers": 4, "cpu_thresholds": { "scale_up_2": 65 /* ! */, "scale_up_3": 75 } },
  "a.b": { "enabled": true, "max_workers": 2, "cpu_thresholds": { "scale_up_2": 60 } },
}"#;

    #[test]
    fn a_value_is_replaced_and_the_rest_stays_as_written() {
        let text = change(TEXT, "a.cpu_thresholds.scale_up_2=70.5").unwrap();
        assert_eq!(text, TEXT.replace("65", "70.5"));
        let text = change(TEXT, "a.b.cpu_thresholds.scale_up_2=70").unwrap();
        assert_eq!(text, TEXT.replace("60", "70"));
    }

    #[test]
    fn keys_that_are_not_there_are_added_and_validated_by_the_configuration() {
        let text = change(TEXT, "a.cpu_duration_minutes.scale_up=1").unwrap();
        let text = change(&text, "a.cpu_basis=host").unwrap();
        let config = parse("x", &text).unwrap().config;
        assert_eq!(config.projects["a"].cpu.as_ref().unwrap().up_hold.as_secs(), 60);
        assert_eq!(config.projects["a"].cpu_basis, crate::model::CpuBasis::Host);
        let error = |set| {
            config_errors(
                Language::En,
                &parse("x", &change(TEXT, set).unwrap()).unwrap_err(),
            )
        };
        let unknown = error("a.cpu_thresholds.scale_upp_3=70");
        assert!(unknown.contains("did you mean \"scale_up_3\"?"), "{unknown}");
        let fallen = error("a.cpu_thresholds.scale_up_3=50");
        assert!(
            fallen.starts_with("x:3:") && fallen.contains("rungs must not fall"),
            "{fallen}"
        );
        let text_value = error("a.max_workers=many");
        assert!(
            text_value.starts_with("x:3:") && text_value.contains("whole number"),
            "{text_value}"
        );
    }

    #[test]
    fn both_layouts_and_global_are_reached() {
        let text = r#"{"projects": {"a": {"max_workers": 2}}, "global": {"language": "es"}}"#;
        for key in ["a.max_workers", "projects.a.max_workers"] {
            assert!(
                change(text, &format!("{key}=3"))
                    .unwrap()
                    .contains("\"max_workers\": 3")
            );
        }
        assert!(
            change(text, "global.language=en")
                .unwrap()
                .contains("\"language\": \"en\"")
        );
    }

    #[test]
    fn a_change_that_cannot_be_made_says_what_to_write() {
        let said = |set: &str| change_error(Language::En, &change(TEXT, set).unwrap_err());
        for set in ["", "a", "=", "a.max_workers=", "=3"] {
            assert!(said(set).contains("write KEY=VALUE"), "{set}");
        }
        assert!(
            said("aa.max_workers=3").contains("there are: a, a.b"),
            "{}",
            said("aa.max_workers=3")
        );
        assert!(
            said("a-b.max_workers=3").contains("did you mean \"a.b\"?"),
            "{}",
            said("a-b.max_workers=3")
        );
        assert!(said("a.max_workers.x=3").contains("holds one value"));
        assert!(said("a=3").contains("name one key of it"));
    }

    #[test]
    fn a_text_that_is_no_json_is_left_to_the_parser() {
        assert_eq!(change("{ oh", "a.b=1").unwrap(), "{ oh");
        assert_eq!(change("[1]", "a.b=1").unwrap(), "[1]");
    }
}
