//! Commands of other programs, run to their end.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// What a command prints.
///
/// # Errors
/// When it cannot be run or does not end well; what it said of that stands in the error, unless its standard error goes elsewhere.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let done = command
        .output()
        .with_context(|| format!("{command:?} cannot be run"))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        let (program, status) = (command.get_program().display(), done.status);
        match said.trim() {
            "" => bail!("{program} ended with {status}"),
            said => bail!("{program} ended with {status}: {said}"),
        }
    }
    String::from_utf8(done.stdout).with_context(|| format!("{command:?} printed no UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_prints_is_returned_and_what_it_says_of_its_end_is_in_the_error() {
        let run = |script| output(Command::new("sh").args(["-c", script]));
        assert_eq!(run("echo here").expect("it ends well"), "here\n");
        let told = run("echo because >&2; exit 3")
            .expect_err("it does not")
            .to_string();
        assert_eq!(told, "sh ended with exit status: 3: because");
        assert!(output(&mut Command::new("/nonesuch")).is_err());
    }
}
