//! Text → [`Config`]: both layouts, the global settings, and what must hold between projects.

use std::collections::BTreeMap;
use std::time::Duration;

use jsonc_parser::ast::Value;
use jsonc_parser::common::{Range, Ranged};

use crate::config::errors::errors;
use crate::config::fields::{Field, Fields, Findings};
use crate::config::keys::Place;
use crate::config::rules::Rules;
use crate::config::{keys, names, project, syntax, time_zone};
use crate::model::{
    Budget, Config, ConfigErrors, Family, Global, InstancePattern, Language, Metrics, Notice, Of, Project,
    Storage, Target, Wrong, family_of,
};

/// A valid configuration and what the operator should know about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is odd in it.
    pub notices: Vec<Notice>,
}

impl Loaded {
    /// The same in another language, where one was asked for.
    #[must_use]
    pub fn speaking(mut self, language: Option<Language>) -> Self {
        self.config.global.language = language.unwrap_or(self.config.global.language);
        self
    }
}

/// Time between checks in seconds, unless configured.
const CHECK_INTERVAL: Duration = Duration::from_mins(2);

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
        Err((offset, fault)) => {
            findings.faults.push((offset, fault.into()));
            None
        }
    };
    match config {
        Some(config) if findings.faults.is_empty() => {
            let notices = findings.into_notices(&config);
            Ok(Loaded { config, notices })
        }
        _ => Err(errors(file, text, findings.faults)),
    }
}

fn read(root: Option<&Value<'_>>, findings: &mut Findings<'_>) -> Option<Config> {
    let Some(Value::Object(object)) = root else {
        match root {
            Some(value) => findings.refuse(value, Wrong::NoObject),
            None => findings.refuse(&Range::new(0, 0), Wrong::NoObject),
        }
        return None;
    };
    let top = Fields::read(object, &Of::File, findings);
    let mut global = Global {
        check_interval: CHECK_INTERVAL,
        language: Language::default(),
        history: Storage::default(),
        metrics: None,
        budget: None,
    };
    let mut rules = Rules::default();
    let mut zone = None;
    if let Some(field) = top.get("global")
        && let Some(object) = field.object("{ \"check_interval_seconds\": 120 }", findings)
    {
        let of = Of::Key("global".into());
        let fields = Fields::read(object, &of, findings);
        keys::check(&fields, Place::Global, &of, findings);
        rules = rules.overlay(&fields, findings);
        read_global(&mut global, &fields, findings);
        zone = fields
            .get("time_zone")
            .and_then(|field| time_zone::read(field, findings));
    }
    let zone = zone.unwrap_or_else(time_zone::of_host);
    if let Some(field) = top.get(keys::SCHEMA) {
        // Of editors alone; but who writes anything else there means something else.
        field.text(findings);
    }
    let mut projects = Vec::new();
    for field in project_entries(&top, findings) {
        let project = project::read(field, rules, &zone, findings);
        projects.extend(project.map(|project| (field, project)));
    }
    check_targets(&projects, findings);
    let mut config = Config {
        global,
        projects: BTreeMap::new(),
        families: BTreeMap::new(),
    };
    let mut fields = Vec::new();
    for (field, project) in projects {
        fields.push(field);
        let name = project.name.clone();
        match InstancePattern::of(&project.service_name).filter(|_| project.target.is_unit()) {
            Some(pattern) => {
                let rules = project;
                config.families.insert(name, Family { pattern, rules });
            }
            None => {
                config.projects.insert(name, project);
            }
        }
    }
    check_families(&fields, &config, findings);
    Some(config)
}

/// The instances' projects have names of their own, `FAMILY@INSTANCE`: no other project may be called so.
fn check_families(fields: &[Field<'_>], config: &Config, findings: &mut Findings<'_>) {
    for field in fields {
        let name = field.key();
        let is_family = config.families.contains_key(name);
        let family = family_of(name).filter(|family| is_family || config.families.contains_key(*family));
        if let Some(family) = family {
            findings.refuse(field, Wrong::NameOfInstance(name.to_owned(), family.to_owned()));
        }
    }
}

fn read_global(global: &mut Global, fields: &Fields<'_>, findings: &mut Findings<'_>) {
    if let Some(field) = fields.get("check_interval_seconds")
        && let Some(seconds) = field.number(keys::CHECK_INTERVAL, findings)
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
    if let Some(field) = fields.get("budget") {
        global.budget = Budget::read(field, findings);
    }
}

/// The projects of either layout: those of `projects`, or everything at the top of the bare one.
fn project_entries<'t>(top: &Fields<'t>, findings: &mut Findings<'_>) -> Vec<Field<'t>> {
    if let Some(field) = top.get("projects") {
        for other in top
            .iter()
            .filter(|other| !["projects", "global", keys::SCHEMA].contains(&other.key()))
        {
            refuse_beside_projects(other, findings);
        }
        let object = field.object("{ \"NAME\": { \"enabled\": true, … } }", findings);
        return object.map_or_else(Vec::new, |object| {
            Fields::read(object, &Of::Key("projects".into()), findings)
                .iter()
                .collect()
        });
    }
    let mut entries = Vec::new();
    for field in top
        .iter()
        .filter(|field| !["global", keys::SCHEMA].contains(&field.key()))
    {
        let key = field.key();
        let is_object = matches!(field.value(), Value::Object(_));
        if keys::of_earlier_tool(key) && !is_object {
            findings.note_earlier_tool(key);
        } else if keys::of_global(key) && !is_object {
            findings.refuse(&field, Wrong::GlobalKey(field.name()));
        } else if keys::of_project(key) && !is_object {
            findings.refuse(&field, Wrong::ProjectKeyAtTop(field.name()));
        } else if top.get("global").is_some() {
            findings.refuse(&field, Wrong::BareBesideGlobal);
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
        findings.refuse(&field, Wrong::GlobalKey(field.name()));
    } else if matches!(field.value(), Value::Object(_)) {
        findings.refuse(&field, Wrong::BesideProjects(field.name()));
    } else {
        keys::refuse_unknown(field, &["global", "projects"], &Of::File, findings);
    }
}

/// Two projects over one service or cgroup would undo each other's steps.
fn check_targets(projects: &[(Field<'_>, Project)], findings: &mut Findings<'_>) {
    let (mut cgroups, mut containers, mut services) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut in_order: Vec<_> = projects.iter().collect();
    in_order.sort_by_key(|(field, _)| field.start());
    for (field, project) in in_order {
        let cgroup = project
            .target
            .cgroup()
            .map(|path| names::below_mount(path).display().to_string());
        let name = project.name.as_str();
        let taken = |other: Option<&str>, wrong: fn(String, String) -> Wrong| {
            other.map(|other| wrong(name.to_owned(), other.to_owned()))
        };
        if project.process.is_some() {
            // Several of them share a place. That each is another server, their processes show.
            continue;
        }
        let faults = [
            taken(
                cgroup.and_then(|path| cgroups.insert(path, name)),
                Wrong::SameCgroup,
            ),
            match &project.target {
                Target::Container(container) => {
                    taken(containers.insert(container, name), Wrong::SameContainer)
                }
                _ => taken(services.insert(&project.service_name, name), Wrong::SameService),
            },
        ];
        for wrong in faults.into_iter().flatten() {
            findings.refuse(field, wrong);
        }
    }
}
