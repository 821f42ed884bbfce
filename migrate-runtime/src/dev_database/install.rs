//! Knows the command that installs PostgreSQL on this platform.

use std::fs;

/// The command to type, if the platform is one that we know.
pub(super) fn command() -> Option<&'static str> {
    if cfg!(target_os = "macos") {
        return Some("brew install postgresql@17");
    }
    if cfg!(windows) {
        return Some("winget install PostgreSQL.PostgreSQL.17");
    }
    for_linux(&fs::read_to_string("/etc/os-release").ok()?)
}

/// By the text of `/etc/os-release`: its own name first, then those of the systems it is made from.
fn for_linux(os_release: &str) -> Option<&'static str> {
    let field = |name: &str| {
        let values = os_release.lines().filter_map(|line| line.split_once('='));
        let value = values.filter(|(key, _)| *key == name).map(|(_, value)| value).next();
        value.unwrap_or_default().trim_matches(['"', '\''])
    };
    let mut names = field("ID").split_whitespace().chain(field("ID_LIKE").split_whitespace());
    names.find_map(|name| {
        let row = COMMANDS.iter().find(|(systems, _)| systems.contains(&name));
        row.map(|(_, command)| *command)
    })
}

const COMMANDS: &[(&[&str], &str)] = &[
    (&["debian", "ubuntu"], "sudo apt install postgresql"),
    (&["fedora", "rhel", "centos"], "sudo dnf install postgresql-server"),
    (&["alpine"], "sudo apk add postgresql"),
    (&["arch", "archarm"], "sudo pacman -S postgresql"),
    (&["suse", "opensuse"], "sudo zypper install postgresql-server"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_known_by_its_own_name() {
        check("NAME=\"Debian GNU/Linux\"\nID=debian\n", Some("sudo apt install postgresql"));
        check("ID=\"alpine\"\n", Some("sudo apk add postgresql"));
    }

    #[test]
    fn a_system_is_known_by_what_it_is_made_from() {
        let rocky = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n";
        check(rocky, Some("sudo dnf install postgresql-server"));
        check("ID_LIKE=arch\nID=manjaro\n", Some("sudo pacman -S postgresql"));
    }

    #[test]
    fn an_unknown_system_gets_no_command() {
        check("ID=plan9\n", None);
        check("", None);
    }

    #[track_caller]
    fn check(os_release: &str, expected: Option<&str>) {
        assert_eq!(for_linux(os_release), expected);
    }
}
