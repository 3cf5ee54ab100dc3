//! The reference of the configuration's keys as a page, from the very table that the parser reads.

use std::fmt::Write as _;

use autoscaler::config::{Key, Kind, Number, Threshold, Whole, Without, keys};
use autoscaler::model::{Language, Unit};

/// Words in the language of a page.
struct Page {
    language: Language,
    text: String,
}

/// The page.
pub(super) fn page(language: Language) -> String {
    let mut page = Page {
        language,
        text: String::new(),
    };
    page.write();
    page.text
}

impl Page {
    fn say<'t>(&self, english: &'t str, spanish: &'t str) -> &'t str {
        match self.language {
            Language::En => english,
            Language::Es => spanish,
        }
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{line}");
    }

    fn write(&mut self) {
        let [global, rules, project] = keys();
        self.line(self.say(
            "# Configuration reference

<!-- Written by `cargo xtask docs` from the keys that the parser reads: change them there. -->

Every key, as the parser knows it. `autoscaler check --schema` prints the same as a JSON Schema, for editors. How they play together:
[Configure](configure.md), [How it decides](decide.md), [Requests](requests.md), [Celery](celery.md), [Memory](memory.md).

At the top of the file stand `global` and `projects`, and `$schema`, if you like, for your editor.",
            "# Referencia de la configuración

<!-- La escribe `cargo xtask docs` a partir de las claves que lee el programa: cámbielas allí. -->

Todas las claves, como las conoce el programa. `autoscaler check --schema` muestra lo mismo como JSON Schema, para editores. Cómo
encajan: [Configurar](configure.md), [Cómo decide](decide.md), [Peticiones](requests.md), [Celery](celery.md), [Memoria](memory.md).

En lo alto del archivo van `global` y `projects`, y `$schema`, si quiere, para su editor.",
        ));
        self.section(
            "## `global`",
            self.say(
                "What holds for the daemon as a whole.",
                "Lo que vale para el demonio entero.",
            ),
            global,
        );
        self.objects(global);
        self.section(
            self.say("## Rules", "## Reglas"),
            self.say(
                "In `global` for all projects, or in a project for it alone.",
                "En `global` para todos los proyectos, o en un proyecto solo para él.",
            ),
            rules,
        );
        self.objects(rules);
        self.section(
            self.say("## A project", "## Un proyecto"),
            self.say(
                "In `projects`, by its name: letters, digits and `._-@:`.",
                "En `projects`, por su nombre: letras, cifras y `._-@:`.",
            ),
            project,
        );
        self.objects(project);
    }

    /// Tables of the objects among some keys.
    fn objects(&mut self, table: &[Key]) {
        for key in table {
            if let Kind::Object(inside) | Kind::Objects(inside) = key.kind {
                let heading = format!("### `{}`", key.name);
                self.section(&heading, key.about(self.language), inside);
            }
        }
    }

    fn section(&mut self, heading: &str, about: &str, table: &[Key]) {
        let columns = self.say(
            "| key | what it is | value | without it |",
            "| clave | qué es | valor | sin ella |",
        );
        self.line(&format!(
            "\n{heading}\n\n{about}\n\n{columns}\n| --- | --- | --- | --- |"
        ));
        for key in table {
            let row = format!(
                "| `{}` | {} | {} | {} |",
                key.name,
                key.about(self.language),
                self.value(key),
                self.without(key)
            );
            self.line(&row);
        }
    }

    fn value(&self, key: &Key) -> String {
        match key.kind {
            Kind::Boolean => self.say("`true` or `false`", "`true` o `false`").to_owned(),
            Kind::Whole(allowed) => self.whole(allowed),
            Kind::Number(allowed) => self.number(allowed),
            Kind::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
                words.join(self.say(" or ", " o "))
            }
            Kind::Text(_) => self.say("text", "texto").to_owned(),
            Kind::Names => self.say("list of names", "lista de nombres").to_owned(),
            Kind::Wholes(Whole { least, most, .. }, many) => {
                let (list, of, to) = (
                    self.say("list of at most", "lista de como mucho"),
                    self.say("whole numbers,", "números enteros, de"),
                    self.say("to", "a"),
                );
                format!("{list} {many} {of} {least} {to} {most}")
            }
            Kind::Rungs(threshold) => {
                let threshold = match threshold {
                    Threshold::Whole(allowed) => self.whole(allowed),
                    Threshold::Number(allowed) => self.number(allowed),
                };
                format!(
                    "{} {threshold}",
                    self.say("rungs, each a", "peldaños, cada uno un")
                )
            }
            Kind::Hold(allowed) => {
                let each = self.say("each a", "cada uno un");
                format!("`scale_up`, `scale_down`, {each} {}", self.number(allowed))
            }
            Kind::Object(_) => format!("[`{{ … }}`](#{})", key.name),
            Kind::Objects(_) => format!("[`[{{ … }}]`](#{})", key.name),
        }
    }

    fn whole(&self, Whole { least, most, unit }: Whole) -> String {
        let (kind, to) = (
            self.say("whole number,", "número entero, de"),
            self.say("to", "a"),
        );
        format!("{kind} {least} {to} {most}{}", self.unit(unit))
    }

    fn number(&self, Number { least, most, unit }: Number) -> String {
        let (kind, to) = (self.say("number,", "número, de"), self.say("to", "a"));
        format!("{kind} {least} {to} {most}{}", self.unit(unit))
    }

    fn unit(&self, unit: Unit) -> String {
        let word = match unit {
            Unit::None => return String::new(),
            Unit::Percent => "%",
            Unit::Tasks => self.say("tasks", "tareas"),
            Unit::Milliseconds => "ms",
            Unit::Seconds => "s",
            Unit::Minutes => "min",
            Unit::Days => self.say("days", "días"),
            Unit::Megabytes => "MiB",
        };
        format!(" {word}")
    }

    fn without(&self, key: &Key) -> String {
        match key.without {
            Without::Refused => self.say("**needed**", "**obligatoria**").to_owned(),
            Without::Value(value) => format!("`{value}`"),
            Without::Told(_) => key.without.told(self.language).unwrap_or_default().to_owned(),
        }
    }
}
