//! What a value of a configuration is, and what it must be.

use crate::model::{Json, Language, Unit, Wanted};

pub(super) fn json(language: Language, found: Json) -> String {
    match found {
        Json::Text => say!(language, "text", "un texto"),
        Json::Number => say!(language, "a number", "un número"),
        Json::Boolean => say!(language, "true or false", "true o false"),
        Json::Object => say!(language, "an object", "un objeto"),
        Json::List => say!(language, "a list", "una lista"),
        Json::Null => "null".into(),
    }
}

pub(super) fn wanted(language: Language, wanted: &Wanted) -> String {
    match wanted {
        Wanted::Object(example) => say!(
            language,
            "an object: write {example}",
            "un objeto: escriba {example}"
        ),
        Wanted::Queues => say!(
            language,
            "a list: write their names, for example [\"mail\"]",
            "una lista: escriba sus nombres, por ejemplo [\"correo\"]"
        ),
        Wanted::PrioritySteps => say!(
            language,
            "a list: write the application's \"priority_steps\", for example [0, 3, 6, 9]",
            "una lista: escriba los \"priority_steps\" de la aplicación, por ejemplo [0, 3, 6, 9]"
        ),
        Wanted::Schedules => say!(
            language,
            "a list: write [{{ \"cron\": \"0 8 * * 1-5\", \"min_workers\": 4, \"until\": \"18:00\" }}]",
            "una lista: escriba [{{ \"cron\": \"0 8 * * 1-5\", \"min_workers\": 4, \"until\": \"18:00\" }}]"
        ),
        Wanted::Text => say!(
            language,
            "text in double quotes",
            "un texto entre comillas dobles"
        ),
        Wanted::Boolean => say!(language, "true or false", "true o false"),
        Wanted::Whole(low, high, counted) => {
            let unit = unit(language, *counted);
            say!(
                language,
                "a whole number from {low} to {high}{unit}",
                "un número entero de {low} a {high}{unit}"
            )
        }
        Wanted::Number(low, high, counted) => {
            let unit = unit(language, *counted);
            say!(
                language,
                "a number from {low} to {high}{unit}",
                "un número de {low} a {high}{unit}"
            )
        }
    }
}

fn unit(language: Language, unit: Unit) -> String {
    match unit {
        Unit::None => String::new(),
        Unit::Percent => say!(language, " percent", " por ciento"),
        Unit::Tasks => say!(language, " waiting tasks", " tareas en espera"),
        Unit::Milliseconds => say!(language, " milliseconds", " milisegundos"),
        Unit::Seconds => say!(language, " seconds", " segundos"),
        Unit::Minutes => say!(language, " minutes", " minutos"),
        Unit::Days => say!(language, " days", " días"),
        Unit::Megabytes => " MB".into(),
    }
}
