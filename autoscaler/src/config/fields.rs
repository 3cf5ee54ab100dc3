//! One object of the syntax tree as typed fields. Duplicate and unknown keys, wrong types and values out of
//! range are refused here, in one wording.

use std::collections::{BTreeMap, BTreeSet};

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use crate::config::key::{Number, Whole};
use crate::config::{errors, meant};
use crate::model::{Config, Json, Notice, Of, Wanted, Wrong};

/// Where the faults and notices of one text are collected, so that all are told together.
pub(super) struct Findings<'t> {
    text: &'t str,
    pub(super) faults: Vec<(usize, Wrong)>,
    pub(super) notices: Vec<Notice>,
    earlier_tool: BTreeSet<String>,
}

impl<'t> Findings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            faults: Vec::new(),
            notices: Vec::new(),
            earlier_tool: BTreeSet::new(),
        }
    }

    /// The notices of a text that turned out valid.
    pub(super) fn into_notices(self, config: &Config) -> Vec<Notice> {
        let mut notices = self.notices;
        if config.projects.is_empty() && config.families.is_empty() {
            notices.insert(0, Notice::NoProjects);
        }
        if !self.earlier_tool.is_empty() {
            notices.push(Notice::EarlierToolKeys {
                keys: self.earlier_tool.into_iter().collect(),
            });
        }
        notices
    }

    /// Takes note of a key of the user's earlier tool, to be named once however often it stands.
    pub(super) fn note_earlier_tool(&mut self, key: &str) {
        self.earlier_tool.insert(key.to_owned());
    }

    /// Refuses the configuration for what stands `at`.
    pub(super) fn refuse(&mut self, at: &impl Ranged, wrong: impl Into<Wrong>) {
        self.faults.push((at.start(), wrong.into()));
    }

    fn line_of(&self, at: &impl Ranged) -> usize {
        errors::place(self.text, at.start()).0
    }
}

/// One `"key": value`.
#[derive(Clone, Copy)]
pub(super) struct Field<'t>(pub(super) &'t ObjectProp<'t>);

/// The fields of one object by key.
pub(super) struct Fields<'t>(BTreeMap<&'t str, Field<'t>>);

impl<'t> Fields<'t> {
    /// The fields of `object`, which are those `of` something. Of keys that stand twice the first is kept.
    pub(super) fn read(object: &'t Object<'t>, of: &Of, findings: &mut Findings<'_>) -> Self {
        let mut fields = BTreeMap::new();
        for property in &object.properties {
            let field = Field(property);
            if let Some(first) = fields.get(field.key()) {
                let line = findings.line_of(first);
                findings.refuse(&field, Wrong::Twice(field.name(), of.clone(), line));
            } else {
                fields.insert(field.key(), field);
            }
        }
        Self(fields)
    }

    pub(super) fn get(&self, key: &str) -> Option<Field<'t>> {
        self.0.get(key).copied()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Field<'t>> + '_ {
        self.0.values().copied()
    }
}

impl Ranged for Field<'_> {
    /// The key's place.
    fn range(&self) -> jsonc_parser::common::Range {
        self.0.name.range()
    }
}

impl<'t> Field<'t> {
    pub(super) fn key(self) -> &'t str {
        self.0.name.as_str()
    }

    /// The key, to be kept.
    pub(super) fn name(self) -> String {
        self.key().to_owned()
    }

    pub(super) fn value(self) -> &'t Value<'t> {
        &self.0.value
    }

    pub(super) fn object(self, example: &'static str, findings: &mut Findings<'_>) -> Option<&'t Object<'t>> {
        let object = self.value().as_object();
        if object.is_none() {
            self.refuse_type(Wanted::Object(example), findings);
        }
        object
    }

    pub(super) fn array(self, wanted: Wanted, findings: &mut Findings<'_>) -> Option<&'t Array<'t>> {
        let array = self.value().as_array();
        if array.is_none() {
            self.refuse_type(wanted, findings);
        }
        array
    }

    pub(super) fn text(self, findings: &mut Findings<'_>) -> Option<&'t str> {
        let literal = self.value().as_string_lit();
        if literal.is_none() {
            self.refuse_type(Wanted::Text, findings);
        }
        literal.map(|literal| literal.value.as_ref())
    }

    pub(super) fn boolean(self, findings: &mut Findings<'_>) -> Option<bool> {
        let literal = self.value().as_boolean_lit();
        if literal.is_none() {
            self.refuse_type(Wanted::Boolean, findings);
        }
        literal.map(|literal| literal.value)
    }

    /// A whole number within `allowed`.
    pub(super) fn whole(self, allowed: Whole, findings: &mut Findings<'_>) -> Option<u64> {
        let Whole { least, most, unit } = allowed;
        let wanted = Wanted::Whole(least, most, unit);
        let written = self.number_text(&wanted, findings)?;
        let number = written
            .parse()
            .ok()
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            findings.refuse(
                self.value(),
                Wrong::Range(self.name(), written.to_owned(), wanted),
            );
        }
        number
    }

    /// A number, fractions included, within `allowed`.
    pub(super) fn number(self, allowed: Number, findings: &mut Findings<'_>) -> Option<f64> {
        let Number { least, most, unit } = allowed;
        let wanted = Wanted::Number(least, most, unit);
        let written = self.number_text(&wanted, findings)?;
        let number = written
            .parse()
            .ok()
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            findings.refuse(
                self.value(),
                Wrong::Range(self.name(), written.to_owned(), wanted),
            );
        }
        number
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(self, words: &[(&str, T)], findings: &mut Findings<'_>) -> Option<T> {
        let text = self.text(findings)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| (*word).to_owned()).collect();
            findings.refuse(self.value(), Wrong::Choice(self.name(), known));
        }
        found
    }

    fn number_text(self, wanted: &Wanted, findings: &mut Findings<'_>) -> Option<&'t str> {
        let literal = self.value().as_number_lit();
        if literal.is_none() {
            self.refuse_type(wanted.clone(), findings);
        }
        literal.map(|literal| literal.value)
    }

    fn refuse_type(self, wanted: Wanted, findings: &mut Findings<'_>) {
        self.refuse_element(self.value(), wanted, findings);
    }

    /// Refuses what stands in the list behind the key.
    pub(super) fn refuse_element(self, value: &Value<'_>, wanted: Wanted, findings: &mut Findings<'_>) {
        let found = match value {
            Value::StringLit(_) => Json::Text,
            Value::NumberLit(_) => Json::Number,
            Value::BooleanLit(_) => Json::Boolean,
            Value::Object(_) => Json::Object,
            Value::Array(_) => Json::List,
            Value::NullKeyword(_) => Json::Null,
        };
        let meant = meant::of(value, &wanted);
        findings.refuse(value, Wrong::Type(self.name(), found, wanted, meant));
    }
}
