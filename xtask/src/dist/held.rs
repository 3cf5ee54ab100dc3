//! Holds the package for rpm to the one for Debian: the same files, modes, owners and settings, though two programs packed them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::output;

/// A file in a package, and all that the two are to agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Packed {
    /// The last three digits of the mode, octal.
    mode: String,
    owner: String,
    /// Whether what an administrator wrote there outlives an upgrade.
    settings: bool,
}

type Files = BTreeMap<String, Packed>;

/// Fails where the two packages of one release differ, and where a file for rpm has another time than `epoch`: the package would be
/// another one when it is built elsewhere.
pub(super) fn same(deb: &Path, rpm: &Path, epoch: u64) -> Result<()> {
    let listing = output(Command::new("dpkg-deb").arg("--contents").arg(deb))?;
    let settings = output(Command::new("dpkg-deb").arg("--info").arg(deb).arg("conffiles"))?;
    let debian = of_deb(&listing, &settings);
    let dump = output(
        Command::new("rpm")
            .args(["--query", "--package", "--nosignature", "--dump"])
            .arg(rpm),
    )?;
    let red_hat = of_rpm(&dump)?;
    let mut differences = differences(&debian, &red_hat);
    differences.extend(of_other_times(&dump, epoch));
    if debian.is_empty() || !differences.is_empty() {
        bail!(
            "{} does not hold what {} holds: {}",
            rpm.display(),
            deb.display(),
            differences.join("; ")
        );
    }
    Ok(())
}

/// Where a file of both goes by the customs of Debian.
fn debian_place(path: &str) -> String {
    let path = path.trim_end_matches(".gz");
    for (customary, debian) in [
        (
            "/usr/share/zsh/site-functions/",
            "/usr/share/zsh/vendor-completions/",
        ),
        ("/usr/share/licenses/autoscaler/", "/usr/share/doc/autoscaler/"),
        ("/lib/systemd/system/", "/usr/lib/systemd/system/"),
    ] {
        if let Some(name) = path.strip_prefix(customary) {
            return format!("{debian}{name}");
        }
    }
    path.to_owned()
}

/// Debian's policy asks for this file (12.5), and rpm has a field for what is in it.
const COPYRIGHT: &str = "/usr/share/doc/autoscaler/copyright";

/// Lines as of `tar --list --verbose`: `-rwxr-xr-x root/root 123 2026-01-01 00:00 ./usr/bin/autoscaler`; and the list of settings.
fn of_deb(listing: &str, settings: &str) -> Files {
    let mut files = Files::new();
    for line in listing.lines().filter(|line| line.starts_with('-')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [mode, owner, .., path] = words[..] else {
            continue;
        };
        let path = path.trim_start_matches('.');
        if path == COPYRIGHT {
            continue;
        }
        let settings = settings.lines().any(|line| line == path);
        let packed = Packed {
            mode: octal(mode),
            owner: named(owner),
            settings,
        };
        files.insert(debian_place(path), packed);
    }
    files
}

/// Lines of rpm: path, size, time, checksum, mode, owner, group, settings or not, documentation or not, device, target.
fn of_rpm(dump: &str) -> Result<Files> {
    let mut files = Files::new();
    for line in dump.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [path, _, _, _, mode, owner, group, settings, ..] = words[..] else {
            bail!("rpm --dump said {line:?}");
        };
        let mode = mode
            .get(mode.len().saturating_sub(3)..)
            .context("a short mode")?
            .to_owned();
        let packed = Packed {
            mode,
            owner: format!("{owner}:{group}"),
            settings: settings == "1",
        };
        files.insert(debian_place(path), packed);
    }
    Ok(files)
}

/// What in rpm's lines has another time.
fn of_other_times(dump: &str, epoch: u64) -> Vec<String> {
    let epoch = epoch.to_string();
    let times = dump.lines().map(|line| {
        let mut words = line.split_whitespace();
        (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default())
    });
    times
        .filter(|(_, time)| *time != epoch)
        .map(|(path, time)| format!("{path} is of {time}, not of {epoch}"))
        .collect()
}

/// `root/root`, or `0/0` where the names were left out, as `root:root`.
fn named(owner: &str) -> String {
    let names = owner.split('/').map(|one| if one == "0" { "root" } else { one });
    names.collect::<Vec<_>>().join(":")
}

/// `-rwxr-xr-x` as 755.
fn octal(mode: &str) -> String {
    let bits: Vec<char> = mode.chars().skip(1).collect();
    bits.chunks(3)
        .map(|three| {
            let digit = three
                .iter()
                .fold(0, |digit, bit| digit * 2 + u32::from(*bit != '-'));
            char::from_digit(digit, 8).unwrap_or('?')
        })
        .collect()
}

fn differences(debian: &Files, red_hat: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for (path, packed) in debian {
        match red_hat.get(path) {
            None => found.push(format!("{path} is missing")),
            Some(other) if other != packed => found.push(format!("{path} is {other:?}, not {packed:?}")),
            Some(_) => {}
        }
    }
    let more = red_hat.keys().filter(|path| !debian.contains_key(*path));
    found.extend(more.map(|path| format!("{path} is there as well")));
    found
}

#[cfg(test)]
mod tests {
    use super::{differences, of_deb, of_other_times, of_rpm};

    const DEB: &str = "\
drwxr-xr-x root/root         0 2026-11-29 00:00 ./usr/bin/
-rwxr-xr-x root/root   9000000 2026-11-29 00:00 ./usr/bin/autoscaler
-rw-r--r-- 0/0            9000 2026-11-29 00:00 ./etc/autoscaler/config.json
-rw-r--r-- root/root       900 2026-11-29 00:00 ./usr/share/man/man1/autoscaler.1.gz
-rw-r--r-- root/root       900 2026-11-29 00:00 ./usr/share/zsh/vendor-completions/_autoscaler
-rw-r--r-- root/root       900 2026-11-29 00:00 ./usr/share/doc/autoscaler/copyright
-rw-r--r-- root/root       900 2026-11-29 00:00 ./lib/systemd/system/autoscaler.service
";
    const RPM: &str = "\
/usr/bin/autoscaler 9000000 1764374400 ab12 0100755 root root 0 0 0 X
/etc/autoscaler/config.json 9000 1764374400 ab12 0100644 root root 1 0 0 X
/usr/share/man/man1/autoscaler.1 900 1764374400 ab12 0100644 root root 0 1 0 X
/usr/share/zsh/site-functions/_autoscaler 900 1764374400 ab12 0100644 root root 0 0 0 X
/usr/lib/systemd/system/autoscaler.service 900 1764374400 ab12 0100644 root root 0 0 0 X
";

    fn held(rpm: &str) -> Vec<String> {
        differences(
            &of_deb(DEB, "/etc/autoscaler/config.json\n"),
            &of_rpm(rpm).expect("it can be read"),
        )
    }

    #[test]
    fn the_same_files_at_the_places_of_either_are_the_same() {
        assert_eq!(held(RPM), [""; 0]);
    }

    #[test]
    fn a_file_with_a_time_of_its_own_is_told() {
        assert_eq!(of_other_times(RPM, 1_764_374_400), [""; 0]);
        let older = RPM.replacen("900 1764374400", "900 1764370000", 1);
        assert_eq!(
            of_other_times(&older, 1_764_374_400),
            ["/usr/share/man/man1/autoscaler.1 is of 1764370000, not of 1764374400"]
        );
    }

    #[test]
    fn each_difference_is_told() {
        let missing = RPM.lines().skip(1).collect::<Vec<_>>().join("\n");
        assert_eq!(held(&missing), ["/usr/bin/autoscaler is missing"]);
        for (from, to) in [
            ("0100755", "0104777"),
            ("root root 1", "root adm 1"),
            ("root root 1", "root root 0"),
        ] {
            let told = held(&RPM.replacen(from, to, 1));
            assert_eq!(told.len(), 1, "{from} -> {to}: {told:?}");
        }
        let more = format!("{RPM}/usr/bin/other 1 1 ab12 0100755 root root 0 0 0 X\n");
        assert_eq!(held(&more), ["/usr/bin/other is there as well"]);
    }
}
