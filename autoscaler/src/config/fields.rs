//! One object of the syntax tree as typed fields. Duplicate and unknown keys, wrong types and values out of
//! range are refused here, in one wording.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use jsonc_parser::ast::{Array, Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use super::{Config, Notice, errors};

/// Where the faults and notices of one text are collected, so that all are told together.
pub(super) struct Findings<'t> {
    text: &'t str,
    pub(super) faults: Vec<(usize, String)>,
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
        if config.projects.is_empty() {
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
    pub(super) fn refuse(&mut self, at: &impl Ranged, sentence: impl Into<String>) {
        self.faults.push((at.start(), sentence.into()));
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
    /// The fields of `object`, which is called `of` in sentences. Of keys that stand twice the first is kept.
    pub(super) fn read(object: &'t Object<'t>, of: &str, findings: &mut Findings<'_>) -> Self {
        let mut fields = BTreeMap::new();
        for property in &object.properties {
            let field = Field(property);
            if let Some(first) = fields.get(field.key()) {
                let line = findings.line_of(first);
                let sentence = format!(
                    "{:?} stands twice in {of} (first in line {line}): keep one",
                    field.key()
                );
                findings.refuse(&field, sentence);
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

    pub(super) fn value(self) -> &'t Value<'t> {
        &self.0.value
    }

    pub(super) fn object(self, example: &str, findings: &mut Findings<'_>) -> Option<&'t Object<'t>> {
        let object = self.value().as_object();
        if object.is_none() {
            self.refuse_type(&format!("an object: write {example}"), findings);
        }
        object
    }

    pub(super) fn array(self, example: &str, findings: &mut Findings<'_>) -> Option<&'t Array<'t>> {
        let array = self.value().as_array();
        if array.is_none() {
            self.refuse_type(&format!("a list: write {example}"), findings);
        }
        array
    }

    pub(super) fn text(self, findings: &mut Findings<'_>) -> Option<&'t str> {
        let literal = self.value().as_string_lit();
        if literal.is_none() {
            self.refuse_type("text in double quotes", findings);
        }
        literal.map(|literal| literal.value.as_ref())
    }

    pub(super) fn boolean(self, findings: &mut Findings<'_>) -> Option<bool> {
        let literal = self.value().as_boolean_lit();
        if literal.is_none() {
            self.refuse_type("true or false, without quotes", findings);
        }
        literal.map(|literal| literal.value)
    }

    /// A whole number within `allowed`, in `unit` (a plural with a space before it, or nothing).
    pub(super) fn whole(
        self,
        allowed: RangeInclusive<u64>,
        unit: &str,
        findings: &mut Findings<'_>,
    ) -> Option<u64> {
        let (low, high) = (allowed.start(), allowed.end());
        let wanted = format!("a whole number from {low} to {high}{unit}");
        let written = self.number_text(&wanted, findings)?;
        let number = written.parse().ok().filter(|number| allowed.contains(number));
        if number.is_none() {
            findings.refuse(
                self.value(),
                format!("{:?} is {written}: write {wanted}", self.key()),
            );
        }
        number
    }

    /// A number, fractions included, within `allowed`, in `unit` (a plural with a space before it, or nothing).
    pub(super) fn number(
        self,
        allowed: RangeInclusive<f64>,
        unit: &str,
        findings: &mut Findings<'_>,
    ) -> Option<f64> {
        let (low, high) = (allowed.start(), allowed.end());
        let wanted = format!("a number from {low} to {high}{unit}");
        let written = self.number_text(&wanted, findings)?;
        let number = written.parse().ok().filter(|number| allowed.contains(number));
        if number.is_none() {
            findings.refuse(
                self.value(),
                format!("{:?} is {written}: write {wanted}", self.key()),
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
            let known: Vec<_> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            findings.refuse(
                self.value(),
                format!(
                    "{:?} has no such choice: write {}",
                    self.key(),
                    known.join(" or ")
                ),
            );
        }
        found
    }

    fn number_text(self, wanted: &str, findings: &mut Findings<'_>) -> Option<&'t str> {
        let literal = self.value().as_number_lit();
        if literal.is_none() {
            self.refuse_type(&format!("{wanted}, without quotes"), findings);
        }
        literal.map(|literal| literal.value)
    }

    fn refuse_type(self, wanted: &str, findings: &mut Findings<'_>) {
        let found = match self.value() {
            Value::StringLit(_) => "text",
            Value::NumberLit(_) => "a number",
            Value::BooleanLit(_) => "true or false",
            Value::Object(_) => "an object",
            Value::Array(_) => "a list",
            Value::NullKeyword(_) => "null",
        };
        findings.refuse(
            self.value(),
            format!("{:?} is {found}, but must be {wanted}", self.key()),
        );
    }
}
