//! Why nothing can be simulated, in words.

use super::{ChangeError, DemandError, Heading, LineFault, TraceError};
use crate::model::Language;
use crate::words::{all_quoted, nearest, quoted, say, system};

/// Why a change by `--set` cannot be made.
#[must_use]
pub fn change_error(language: Language, error: &ChangeError) -> String {
    match error {
        ChangeError::NoValue(change) => say!(
            language,
            "--set {change}: write KEY=VALUE, for example backdipro.cpu_thresholds.scale_up_3=70",
            "--set {change}: escriba CLAVE=VALOR, por ejemplo backdipro.cpu_thresholds.scale_up_3=70"
        ),
        ChangeError::NoProject { change, name, known } => {
            let (advice, name) = (nearest(language, name, known), quoted(name));
            say!(
                language,
                "--set {change}: the key begins with the project or with global, and there is no project {name}: {advice}",
                "--set {change}: la clave empieza por el proyecto o por global, y no existe el proyecto {name}: {advice}"
            )
        }
        ChangeError::NoObject { change, key } => {
            let key = quoted(key);
            say!(
                language,
                "--set {change}: {key} holds one value and no keys; write the key up to it",
                "--set {change}: {key} tiene un valor y no claves; escriba la clave hasta ahí"
            )
        }
        ChangeError::Whole(key) => say!(
            language,
            "--set {key}: name one key of it, for example {key}.max_workers=8",
            "--set {key}: nombre una de sus claves, por ejemplo {key}.max_workers=8"
        ),
    }
}

/// Why no demand can be made of a recording.
#[must_use]
pub fn demand_error(language: Language, error: &DemandError) -> String {
    match error {
        DemandError::AllZero(cpus) => say!(
            language,
            "every value is 0: there is no mean that could become a demand of {cpus} CPUs",
            "todos los valores son 0: no hay una media que pueda ser una demanda de {cpus} CPU"
        ),
        DemandError::Outside {
            from,
            until,
            first,
            last,
        } => say!(
            language,
            "nothing was recorded from {from} to {until}: it covers {first} to {last}",
            "no hay nada grabado desde {from} hasta {until}: abarca desde {first} hasta {last}"
        ),
        DemandError::TooShort { seconds, interval } => say!(
            language,
            "it covers {seconds} s, less than one check ({interval} s): take a longer series or a shorter --check-interval",
            "abarca {seconds} s, menos que una comprobación ({interval} s): tome una serie más larga o un --check-interval más corto"
        ),
        DemandError::TooLong {
            first,
            last,
            checks,
            most,
        } => say!(
            language,
            "it runs from {first} to {last}, {checks:.0} checks, more than {most:.0}: is a timestamp wrong? Take a part with --from and --until, or a longer --check-interval",
            "va desde {first} hasta {last}, {checks:.0} comprobaciones, más que {most:.0}: ¿hay una fecha equivocada? Tome una parte con --from y --until, o un --check-interval más largo"
        ),
    }
}

/// Why a recording cannot be used.
#[must_use]
pub fn trace_error(language: Language, error: &TraceError) -> String {
    match error {
        TraceError::Unreadable(error) => {
            let error = system(language, error);
            say!(
                language,
                "it cannot be read: {error}",
                "no se puede leer: {error}"
            )
        }
        TraceError::NotUtf8 { line } => say!(
            language,
            "line {line}: it is not UTF-8 text from this line on; save it as UTF-8",
            "línea {line}: desde esta línea no es texto UTF-8; guárdelo como UTF-8"
        ),
        TraceError::TooShort { values } => say!(
            language,
            "it holds {values} value(s), and a series needs two or more: write lines like 2014-07-01 00:00:00,12.5",
            "contiene {values} valor(es), y una serie necesita dos o más: escriba líneas como 2014-07-01 00:00:00,12.5"
        ),
        TraceError::Columns { found, hint } => {
            let (found, hint) = (all_quoted(found, ", "), heading(language, *hint));
            say!(
                language,
                "line 1: the columns are {found}, and one must be named timestamp and one value{hint}",
                "línea 1: las columnas son {found}, y una debe llamarse timestamp y otra value{hint}"
            )
        }
        TraceError::Line { line, fault } => {
            let fault = line_fault(language, fault);
            say!(language, "line {line}: {fault}", "línea {line}: {fault}")
        }
    }
}

fn heading(language: Language, heading: Heading) -> String {
    match heading {
        Heading::Semicolons => say!(
            language,
            "; separate them by , instead of ;, and write 1.9 for 1,9: tr ',;' '.,' does both",
            "; sepárelas con , en lugar de ;, y escriba 1.9 por 1,9: tr ',;' '.,' hace las dos cosas"
        ),
        Heading::Tabs => say!(
            language,
            "; separate them by , instead of a tab",
            "; sepárelas con , en lugar de un tabulador"
        ),
        Heading::Missing => say!(
            language,
            ": write the heading timestamp,value, and 1.9 for 1,9",
            ": escriba la cabecera timestamp,value, y 1.9 por 1,9"
        ),
        Heading::OtherNames => say!(
            language,
            ": write the heading timestamp,value",
            ": escriba la cabecera timestamp,value"
        ),
    }
}

fn line_fault(language: Language, fault: &LineFault) -> String {
    let advice = say!(
        language,
        "write a number of 0 or more, or take the line out: a missing line is a gap, and gaps are filled",
        "escriba un número desde 0, o quite la línea: una línea que falta es un hueco, y los huecos se rellenan"
    );
    match fault {
        LineFault::Timestamp(written) => {
            let written = quoted(written);
            say!(
                language,
                "{written} is no timestamp: write it like 2014-07-01 00:30:00, or as seconds since 1970",
                "{written} no es una fecha: escríbala como 2014-07-01 00:30:00, o en segundos desde 1970"
            )
        }
        LineFault::NoValue => say!(
            language,
            "the value is missing: {advice}",
            "falta el valor: {advice}"
        ),
        LineFault::EmptyValue => say!(
            language,
            "the value is empty: {advice}",
            "el valor está vacío: {advice}"
        ),
        LineFault::DecimalComma(written, number) => {
            let written = quoted(written);
            say!(
                language,
                "the value is {written}: write {number}, with a decimal point",
                "el valor es {written}: escriba {number}, con punto decimal"
            )
        }
        LineFault::Value(written) => {
            let written = quoted(written);
            say!(
                language,
                "the value is {written}: {advice}",
                "el valor es {written}: {advice}"
            )
        }
        LineFault::TooMany {
            fields,
            width,
            parted,
        } => {
            let what = match parted {
                Some((written, number)) => say!(
                    language,
                    "is {written} one value, with a decimal comma? Then write {number}",
                    "¿es {written} un solo valor, con coma decimal? Entonces escriba {number}"
                ),
                None => say!(
                    language,
                    "take the others out, or name them in the heading",
                    "quite los demás, o nómbrelos en la cabecera"
                ),
            };
            say!(
                language,
                "it has {fields} fields where the first line has {width}: {what}",
                "tiene {fields} campos donde la primera línea tiene {width}: {what}"
            )
        }
        LineFault::Earlier { now, then, line } => say!(
            language,
            "{now} comes after {then} of line {line}: put the lines in the order of time, for example with sort",
            "{now} viene después de {then}, en la línea {line}: ponga las líneas en orden de tiempo, por ejemplo con sort"
        ),
        LineFault::Twice { now, line } => say!(
            language,
            "{now} was there already in line {line}: keep one of the two",
            "{now} estaba ya en la línea {line}: deje una de las dos"
        ),
        // The library's that reads CSV.
        LineFault::Csv(words) => words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use nix::errno::Errno;

    use super::*;
    use crate::words::tests::told;

    #[test]
    fn what_cannot_be_simulated_is_told_in_both_languages() {
        let text = |text: &str| text.to_owned();
        let unknown = |known: &[&str]| ChangeError::NoProject {
            change: text("shpo.x=1"),
            name: text("shpo"),
            known: known.iter().map(|name| text(name)).collect(),
        };
        told(
            &[
                ChangeError::NoValue(text("a")),
                unknown(&[]),
                unknown(&["shop"]),
                unknown(&["mail"]),
                ChangeError::NoObject {
                    change: text("a.b.c=1"),
                    key: text("b"),
                },
                ChangeError::Whole(text("a")),
            ],
            change_error,
        );
        let (first, last) = (text("2014-07-01"), text("2014-07-02"));
        told(
            &[
                DemandError::AllZero(2.0),
                DemandError::Outside {
                    from: first.clone(),
                    until: last.clone(),
                    first: first.clone(),
                    last: last.clone(),
                },
                DemandError::TooShort {
                    seconds: 60.0,
                    interval: 120.0,
                },
                DemandError::TooLong {
                    first: first.clone(),
                    last: last.clone(),
                    checks: 1e9,
                    most: 1e6,
                },
            ],
            demand_error,
        );
        let parted = Some((text("1,9"), text("1.9")));
        let faults = [
            LineFault::Timestamp(text("x")),
            LineFault::NoValue,
            LineFault::EmptyValue,
            LineFault::DecimalComma(text("1,9"), text("1.9")),
            LineFault::Value(text("NaN")),
            LineFault::TooMany {
                fields: 3,
                width: 2,
                parted,
            },
            LineFault::TooMany {
                fields: 3,
                width: 2,
                parted: None,
            },
            LineFault::Earlier {
                now: first.clone(),
                then: last,
                line: 2,
            },
            LineFault::Twice { now: first, line: 2 },
            LineFault::Csv(text("EOF")),
        ];
        let hints = [
            Heading::Semicolons,
            Heading::Tabs,
            Heading::Missing,
            Heading::OtherNames,
        ];
        let mut traces = vec![
            TraceError::Unreadable(io::Error::from(Errno::EACCES)),
            TraceError::NotUtf8 { line: 2 },
            TraceError::TooShort { values: 1 },
        ];
        traces.extend(faults.map(|fault| TraceError::Line { line: 3, fault }));
        traces.extend(hints.map(|hint| TraceError::Columns {
            found: vec![text("x")],
            hint,
        }));
        told(&traces, trace_error);
    }
}
