//! Text → [`Config`]: both layouts, the global settings, and what must hold between projects.

use std::collections::BTreeMap;
use std::time::Duration;

use jsonc_parser::ast::Value;
use jsonc_parser::common::{Range, Ranged};

use super::fields::{Field, Fields, Findings};
use super::keys::{self, Place};
use super::metrics::Metrics;
use super::model::{Config, Global, Language, Project};
use super::rules::Rules;
use super::storage::Storage;
use super::{ConfigErrors, Notice, names, project, syntax};

/// A valid configuration and what the operator should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is odd in it.
    pub notices: Vec<Notice>,
}

/// Time between checks in seconds, unless configured.
const CHECK_INTERVAL: Duration = Duration::from_mins(2);

/// Shortest and longest time between checks, in seconds. Below the shortest, starting a worker would take
/// several checks and the daemon's own cost would show; above the longest, nobody would call it scaling.
const CHECK_INTERVAL_SECONDS: std::ops::RangeInclusive<f64> = 0.5..=86_400.0;

/// Parses and validates a configuration. `file` is how the errors name it.
///
/// # Errors
/// Every fault of the text. A text that is no JSON has one fault: where it stops being JSON.
pub fn parse(file: &str, text: &str) -> Result<Loaded, ConfigErrors> {
    // Editors of other systems put a byte order mark first; it is no part of the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut findings = Findings::new(text);
    let config = match syntax::parse(text) {
        Ok(root) => read(root.as_ref(), &mut findings),
        Err(fault) => {
            findings.faults.push(fault);
            None
        }
    };
    match config {
        Some(config) if findings.faults.is_empty() => {
            let notices = findings.into_notices(&config);
            Ok(Loaded { config, notices })
        }
        _ => Err(ConfigErrors::new(file, text, findings.faults)),
    }
}

fn read(root: Option<&Value<'_>>, findings: &mut Findings<'_>) -> Option<Config> {
    let Some(Value::Object(object)) = root else {
        let sentence = "the file must hold an object: write { \"projects\": { … } }";
        match root {
            Some(value) => findings.refuse(value, sentence),
            None => findings.refuse(&Range::new(0, 0), sentence),
        }
        return None;
    };
    let top = Fields::read(object, "the file", findings);
    let mut global = Global {
        check_interval: CHECK_INTERVAL,
        language: Language::default(),
        history: Storage::default(),
        metrics: None,
    };
    let mut rules = Rules::default();
    if let Some(field) = top.get("global")
        && let Some(object) = field.object("{ \"check_interval_seconds\": 120 }", findings)
    {
        let fields = Fields::read(object, "\"global\"", findings);
        keys::check(&fields, Place::Global, "\"global\"", findings);
        rules = rules.overlay(&fields, findings);
        read_global(&mut global, &fields, findings);
    }
    let mut projects = Vec::new();
    for field in project_entries(&top, findings) {
        projects.extend(project::read(field, rules, findings).map(|project| (field, project)));
    }
    check_targets(&projects, findings);
    Some(Config {
        global,
        projects: projects
            .into_iter()
            .map(|(_, project)| (project.name.clone(), project))
            .collect(),
    })
}

fn read_global(global: &mut Global, fields: &Fields<'_>, findings: &mut Findings<'_>) {
    if let Some(field) = fields.get("check_interval_seconds")
        && let Some(seconds) = field.number(CHECK_INTERVAL_SECONDS, " seconds", findings)
    {
        global.check_interval = Duration::from_secs_f64(seconds);
    }
    let languages = [("es", Language::Es), ("en", Language::En)];
    if let Some(field) = fields.get("language")
        && let Some(language) = field.choice(&languages, findings)
    {
        global.language = language;
    }
    if let Some(field) = fields.get("history") {
        global.history = Storage::read(field, findings);
    }
    if let Some(field) = fields.get("metrics") {
        global.metrics = Metrics::read(field, findings);
    }
}

/// The projects of either layout: those of `projects`, or everything at the top of the bare one.
fn project_entries<'t>(top: &Fields<'t>, findings: &mut Findings<'_>) -> Vec<Field<'t>> {
    if let Some(field) = top.get("projects") {
        for other in top
            .iter()
            .filter(|other| !["projects", "global"].contains(&other.key()))
        {
            refuse_beside_projects(other, findings);
        }
        let object = field.object("{ \"NAME\": { \"enabled\": true, … } }", findings);
        return object.map_or_else(Vec::new, |object| {
            Fields::read(object, "\"projects\"", findings).iter().collect()
        });
    }
    let mut entries = Vec::new();
    for field in top.iter().filter(|field| field.key() != "global") {
        let key = field.key();
        let is_object = matches!(field.value(), Value::Object(_));
        if keys::of_earlier_tool(key) && !is_object {
            findings.note_earlier_tool(key);
        } else if keys::of_global(key) && !is_object {
            findings.refuse(
                &field,
                format!("{key:?} holds for the whole daemon: move it into \"global\""),
            );
        } else if keys::of_project(key) && !is_object {
            findings.refuse(
                &field,
                format!("{key:?} belongs in a project: write {{ \"NAME\": {{ {key:?}: … }} }}"),
            );
        } else if top.get("global").is_some() {
            findings.refuse(
                &field,
                "beside \"global\" the projects stand under \"projects\": write { \"global\": { … }, \"projects\": { \"NAME\": { … } } }",
            );
        } else {
            entries.push(field);
        }
    }
    entries
}

fn refuse_beside_projects(field: Field<'_>, findings: &mut Findings<'_>) {
    let key = field.key();
    if keys::of_earlier_tool(key) {
        findings.note_earlier_tool(key);
    } else if keys::of_global(key) {
        findings.refuse(
            &field,
            format!("{key:?} holds for the whole daemon: move it into \"global\""),
        );
    } else if matches!(field.value(), Value::Object(_)) {
        findings.refuse(
            &field,
            format!("{key:?} stands beside \"projects\": if it is a project, move it into it"),
        );
    } else {
        keys::refuse_unknown(field, &["global", "projects"], "the file", findings);
    }
}

/// Two projects over one service or cgroup would undo each other's steps.
fn check_targets(projects: &[(Field<'_>, Project)], findings: &mut Findings<'_>) {
    let mut targets = BTreeMap::new();
    let mut in_order: Vec<_> = projects.iter().collect();
    in_order.sort_by_key(|(field, _)| field.start());
    for (field, project) in in_order {
        let cgroup = project
            .cgroup
            .as_ref()
            .map(|path| ("cgroup", names::below_mount(path).display().to_string()));
        for (what, target) in [("service", project.service_name.clone())]
            .into_iter()
            .chain(cgroup)
        {
            if let Some(other) = targets.insert((what, target), project.name.as_str()) {
                findings.refuse(
                    field,
                    format!(
                        "project {:?} has the same {what} as {other:?}: give each its own, or take one out",
                        project.name
                    ),
                );
            }
        }
    }
}
