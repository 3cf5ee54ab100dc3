//! Man pages and shell completions, from the definition of the command line, and the JSON Schema, from the configuration's keys:
//! they cannot say anything else than these.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use autoscaler::model::Language;
use clap_complete::{Shell, generate_to};

/// Writes into `folder` what the packages hold beside the program: `man` with `autoscaler.1` and one page for each subcommand,
/// `completions` of bash, zsh and fish, and the configuration's `config.schema.json`, as `autoscaler check --schema` prints it.
pub(super) fn write(folder: &Path) -> Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    for folder in [&man, &completions] {
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let command = autoscaler::cli::command();
    clap_mangen::generate_to(command.clone(), &man)
        .with_context(|| format!("man pages in {}", man.display()))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut command.clone(), "autoscaler", &completions)
            .with_context(|| format!("completions in {}", completions.display()))?;
    }
    let schema = serde_json::to_string_pretty(&autoscaler::config::schema(Language::En))? + "\n";
    let path = folder.join("config.schema.json");
    fs::write(&path, schema).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_subcommand_has_a_page() {
        let folder = std::env::temp_dir().join(format!("pages-{}", std::process::id()));
        let (man, completions) = (folder.join("man"), folder.join("completions"));
        super::write(&folder).expect("the pages are written");
        for subcommand in autoscaler::cli::command().get_subcommands() {
            let page = man.join(format!("autoscaler-{}.1", subcommand.get_name()));
            assert!(page.is_file(), "{}", page.display());
        }
        assert!(completions.join("autoscaler.bash").is_file());
        std::fs::remove_dir_all(&folder).expect("it was made above");
    }
}
