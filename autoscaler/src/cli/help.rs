//! `--help` in Spanish. The English is that of the arguments' own definitions; a test sees to it that each has words here.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{ArgMatches, Command};

use super::language::{Sources, parse};
use crate::model::{DEFAULT_PATH, Language};

mod words;

/// Reads the command line, or ends the program with the help or the error that it asks for.
pub(super) fn matches(command: Command, arguments: Vec<OsString>) -> ArgMatches {
    let asks = ["-h", "--help", "help"];
    let asks_for_help = arguments
        .iter()
        .skip(1)
        .any(|argument| asks.iter().any(|ask| argument == ask))
        || arguments.len() == 1;
    if !asks_for_help || language(&arguments) == Language::En {
        return command.get_matches_from(arguments);
    }
    match in_spanish(command).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp => print(&mut io::stdout().lock(), &error),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => print(&mut io::stderr().lock(), &error),
            _ => error.exit(),
        },
    }
}

/// Prints the help that `error` is, and ends the program as clap would.
fn print(out: &mut (impl io::Write + io::IsTerminal), error: &clap::Error) -> ! {
    let help = error.render();
    let colours = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let text = if colours {
        help.ansi().to_string()
    } else {
        help.to_string()
    };
    // The reader may have seen enough.
    let _ = out.write_all(with_spanish_marks(&text).as_bytes());
    std::process::exit(error.exit_code())
}

/// The language for a command line that is not read yet.
fn language(arguments: &[OsString]) -> Language {
    let value = |name: &str| {
        let mut arguments = arguments.iter().filter_map(|argument| argument.to_str());
        let found = arguments.find_map(|argument| argument.strip_prefix(name).map(str::to_owned))?;
        match found.strip_prefix('=') {
            Some(value) => Some(value.to_owned()),
            None if found.is_empty() => arguments.next().map(str::to_owned),
            None => None,
        }
    };
    let config = value("--config").map_or_else(|| PathBuf::from(DEFAULT_PATH), PathBuf::from);
    let runtime_dir = value("--runtime-dir").unwrap_or_else(|| "/run/autoscaler".to_owned());
    let sources = Sources {
        asked: value("--language").and_then(|code| parse(&code).ok()),
        daemon: Some(Path::new(&runtime_dir)),
        config: &config,
    };
    sources.language()
}

/// The same command line with Spanish words.
fn in_spanish(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let words = words::of(&name);
    let mut command = command
        .help_template("{before-help}{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}")
        .subcommand_help_heading("Órdenes")
        .subcommand_value_name("ORDEN");
    if let Some(words) = words {
        command = command.about(words.about).long_about(words.long_about);
        if !words.after.is_empty() {
            command = command.after_help(words.after);
        }
    }
    let arguments: Vec<String> = command
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    for id in arguments {
        command = command.mut_arg(&id, |argument| {
            // What each value means stands in English beside it: the words name the values.
            let has_values = argument.get_action().takes_values();
            let argument = argument.hide_possible_values(has_values);
            match words::argument(&name, &id) {
                Some(help) => argument.help(help).long_help(help),
                None => argument,
            }
        });
    }
    command.mut_subcommands(in_spanish)
}

/// The words that clap itself puts around ours.
fn with_spanish_marks(text: &str) -> String {
    const MARKS: [(&str, &str); 15] = [
        ("Options:", "Opciones:"),
        (
            "To the request, with a queue:",
            "Petición a petición, con una cola:",
        ),
        (
            "Several services in one pool of memory:",
            "Varios servicios en un fondo común de memoria:",
        ),
        ("Arguments:", "Argumentos:"),
        ("[OPTIONS]", "[OPCIONES]"),
        ("[default:", "[por omisión:"),
        ("[possible values: ", "[valores: "),
        ("Possible values:", "Valores:"),
        ("[env:", "[entorno:"),
        (
            "Print help (see more with '--help')",
            "Muestra la ayuda (más con '--help')",
        ),
        (
            "Print help (see a summary with '-h')",
            "Muestra la ayuda (resumida con '-h')",
        ),
        ("Print help for the subcommand(s)", "Muestra la ayuda de la orden"),
        ("Print help", "Muestra la ayuda"),
        ("Print version", "Muestra la versión"),
        (
            "Print this message or the help of the given subcommand(s)",
            "Muestra esta ayuda o la de la orden que se nombre",
        ),
    ];
    MARKS.iter().fold(text.to_owned(), |text, (english, spanish)| {
        text.replace(english, spanish)
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    /// Whether each command and argument has Spanish words.
    fn untold(command: &Command, missing: &mut Vec<String>) {
        let name = command.get_name();
        if words::of(name).is_none() {
            missing.push(name.to_owned());
        }
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            if words::argument(name, id).is_none() {
                missing.push(format!("{name} {id}"));
            }
        }
        command.get_subcommands().for_each(|below| untold(below, missing));
    }

    #[test]
    fn every_command_and_argument_has_spanish_words() {
        let mut missing = Vec::new();
        untold(&Cli::command(), &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn the_help_of_every_command_is_spanish_throughout() {
        let mut command = in_spanish(Cli::command());
        command.build();
        let names: Vec<String> = command
            .get_subcommands()
            .map(|below| below.get_name().to_owned())
            .collect();
        let below = names
            .iter()
            .filter(|name| *name != "help")
            .map(|name| command.find_subcommand(name).cloned().expect("it was listed"));
        for mut one in std::iter::once(command.clone()).chain(below) {
            let text = with_spanish_marks(&one.render_long_help().to_string());
            for english in [" the ", "Usage", "Options", "Print ", "default:", "Examples"] {
                assert!(!text.contains(english), "{english:?} in\n{text}");
            }
            assert!(text.contains("Uso: autoscaler"), "{text}");
        }
    }

    #[test]
    fn the_long_help_of_a_command_says_more_than_its_line_in_the_list() {
        for (command, part) in [
            ("top", "Needs no configuration"),
            ("requests", "needs no daemon"),
            ("check", "Acts on nothing"),
            ("why", "folded into one line"),
        ] {
            let mut cli = Cli::command();
            let command = cli.find_subcommand_mut(command).expect("a command");
            let text = command.render_long_help().to_string();
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn the_language_is_read_before_the_command_line_is() {
        let of = |line: &str| language(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("autoscaler check --language es --help"), Language::Es);
        assert_eq!(of("autoscaler --language=en --help"), Language::En);
    }
}
