//! The configuration as a JSON Schema, made from the keys that the parser reads: editors complete and check by it.
//!
//! It is looser than the parser in what JSON Schema cannot say, such as that rungs may not fall; it never refuses what the
//! parser takes.

use serde_json::{Map, Value, json};

use super::key::{Key, Kind, Number, Threshold, Whole, Without};
use super::{broker, keys, project, promise, requests};
use crate::model::{Language, Unit};

/// A project's name: `names::check_project`.
const NAME: &str = "^[A-Za-z0-9_][A-Za-z0-9._@:-]*$";

/// The JSON Schema (draft 2020-12) of a configuration, with its descriptions in `language`.
#[must_use]
pub fn schema(language: Language) -> Value {
    let told = |english: &str, spanish: &str| match language {
        Language::En => english.to_owned(),
        Language::Es => spanish.to_owned(),
    };
    let mut top = Map::new();
    top.insert(
        keys::SCHEMA.into(),
        json!({ "type": "string", "description": told("This schema, for editors.", "Este esquema, para editores.") }),
    );
    top.insert(
        "global".into(),
        json!({
            "$ref": "#/$defs/global",
            "description": told(
                "What holds for the daemon as a whole, and rules for all projects.",
                "Lo que vale para el demonio entero, y reglas para todos los proyectos.",
            ),
        }),
    );
    top.insert(
        "projects".into(),
        json!({
            "type": "object",
            "description": told("Each project by its name.", "Cada proyecto por su nombre."),
            "propertyNames": { "pattern": NAME },
            "additionalProperties": { "$ref": "#/$defs/project" },
        }),
    );
    let mut bare = top.clone();
    for name in keys::EARLIER_TOOL {
        top.insert((*name).into(), ignored(language));
        // Without `projects` an object of this name is a project.
        bare.insert(
            (*name).into(),
            json!({ "anyOf": [{ "not": { "type": "object" } }, { "$ref": "#/$defs/project" }] }),
        );
    }
    let mut projects = object(&[keys::PROJECT, keys::RULES], language);
    projects["allOf"] = Value::Array(rules_of_projects());
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": told("Configuration of autoscaler", "Configuración de autoscaler"),
        "type": "object",
        "properties": {
            keys::SCHEMA: top[keys::SCHEMA],
            "global": top["global"],
            "projects": top["projects"],
        },
        "if": { "anyOf": [{ "required": ["projects"] }, { "required": ["global"] }] },
        "then": { "properties": all_known(&top), "additionalProperties": false },
        "else": {
            "properties": bare,
            "propertyNames": { "anyOf": [{ "const": keys::SCHEMA }, { "pattern": NAME }] },
            "additionalProperties": { "$ref": "#/$defs/project" },
        },
        "$defs": {
            "global": object(&[keys::GLOBAL, keys::RULES], language),
            "project": projects,
        },
    })
}

/// The same names, of which nothing more is said.
fn all_known(properties: &Map<String, Value>) -> Map<String, Value> {
    properties
        .keys()
        .map(|name| (name.clone(), json!(true)))
        .collect()
}

/// An object with these keys, those of the earlier tool, and no other.
fn object(tables: &[&[Key]], language: Language) -> Value {
    let mut schema = plain_object(tables, language);
    if let Some(properties) = schema["properties"].as_object_mut() {
        for name in keys::EARLIER_TOOL {
            properties.insert((*name).into(), ignored(language));
        }
    }
    schema
}

fn plain_object(tables: &[&[Key]], language: Language) -> Value {
    let every = || tables.iter().flat_map(|table| table.iter());
    let properties: Map<_, _> = every()
        .map(|key| (key.name.to_owned(), of_key(key, language)))
        .collect();
    let required: Vec<_> = every()
        .filter(|key| matches!(key.without, Without::Refused))
        .map(|key| key.name)
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// A key that an earlier tool kept in the file.
fn ignored(language: Language) -> Value {
    let description = match language {
        Language::En => "Kept by an earlier tool. It means nothing.",
        Language::Es => "De una herramienta anterior. No significa nada.",
    };
    json!({ "description": description, "deprecated": true })
}

fn of_key(key: &Key, language: Language) -> Value {
    let mut schema = of_kind(&key.kind, language);
    schema["description"] = json!(key.about(language));
    if let Without::Value(text) = key.without
        && let Ok(value) = serde_json::from_str::<Value>(text)
    {
        schema["default"] = value;
    }
    schema
}

fn of_kind(kind: &Kind, language: Language) -> Value {
    match *kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Whole(allowed) => whole(allowed),
        Kind::Number(allowed) => number(allowed),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Text(pattern) => json!({ "type": "string", "pattern": pattern }),
        Kind::Names => json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "minItems": 1,
            "uniqueItems": true,
        }),
        Kind::Wholes(allowed, most) => json!({
            "type": "array",
            "items": whole(allowed),
            "minItems": 1,
            "maxItems": most,
        }),
        Kind::Rungs(threshold) => {
            let threshold = match threshold {
                Threshold::Whole(allowed) => whole(allowed),
                Threshold::Number(allowed) => number(allowed),
            };
            json!({
                "type": "object",
                "patternProperties": { "^scale_(up|down)_[1-9][0-9]*$": threshold },
                "additionalProperties": false,
                "minProperties": 1,
            })
        }
        Kind::Hold(allowed) => json!({
            "type": "object",
            "properties": { "scale_up": number(allowed), "scale_down": number(allowed) },
            "additionalProperties": false,
        }),
        Kind::Object(table) => plain_object(&[table], language),
        Kind::Objects(table) => json!({ "type": "array", "items": plain_object(&[table], language) }),
    }
}

fn whole(allowed: Whole) -> Value {
    let Whole { least, most, unit } = allowed;
    with_unit(
        json!({ "type": "integer", "minimum": least, "maximum": most }),
        unit,
    )
}

fn number(allowed: Number) -> Value {
    let Number { least, most, unit } = allowed;
    with_unit(
        json!({ "type": "number", "minimum": least, "maximum": most }),
        unit,
    )
}

/// JSON Schema has no word for a unit; one that begins with `x-` is nobody else's.
fn with_unit(mut schema: Value, unit: Unit) -> Value {
    let unit = match unit {
        Unit::None => return schema,
        Unit::Percent => "%",
        Unit::Tasks => "tasks",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Minutes => "min",
        Unit::Days => "d",
        Unit::Megabytes => "MiB",
    };
    schema["x-unit"] = json!(unit);
    schema
}

/// What must hold between the keys of a project.
fn rules_of_projects() -> Vec<Value> {
    let each =
        |names: &[&str]| -> Vec<_> { names.iter().map(|name| json!({ "required": [name] })).collect() };
    let any_of = |names: &[&str]| json!({ "anyOf": each(names) });
    let one_of = |names: &[&str]| json!({ "oneOf": each(names) });
    let none_of = |names: &[&str]| {
        let properties: Map<_, _> = names
            .iter()
            .map(|name| ((*name).to_owned(), json!(false)))
            .collect();
        json!({ "properties": properties })
    };
    let over_queue = ["queue_thresholds", "tasks_per_worker"];
    let of_queue = [&over_queue[..], project::QUEUE_KEYS].concat();
    let thresholds = [&promise::THRESHOLDS[..], &over_queue[..]].concat();
    vec![
        json!({
            "if": { "properties": { "policy": { "const": "target" } }, "required": ["policy"] },
            "then": none_of(&[&promise::THRESHOLDS[..], &of_queue].concat()),
            "else": { "allOf": [none_of(&promise::OF_PROMISE), any_of(&thresholds)] },
        }),
        json!({
            "if": any_of(&over_queue),
            "then": { "allOf": [one_of(&over_queue), one_of(&broker::URL_KEYS), none_of(&requests::KEYS)] },
            "else": none_of(project::QUEUE_KEYS),
        }),
        json!({
            "if": { "properties": { "requests": { "const": false } }, "required": ["requests"] },
            "then": {
                "allOf": [
                    none_of(&["busy_thresholds", "wait_thresholds"]),
                    { "properties": { "policy": { "const": "ladder" } } },
                ],
            },
        }),
        json!({
            "if": { "properties": { "actuator": { "const": "units" } }, "required": ["actuator"] },
            "then": none_of(&["cgroup"]),
        }),
    ]
}
