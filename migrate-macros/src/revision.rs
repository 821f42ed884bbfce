//! Which revision of its sources a program is built from, as the repository around the folder says.
//!
//! Reads the few files that tell; no program is run, and nothing is an error: a folder outside of any
//! repository, or a repository of a sort that is not known here, has no revision. What is not committed yet
//! is not seen: that would take git's index, and a build for every file that is touched.

use std::fs;
use std::path::{Path, PathBuf};

/// A revision, and the files with which it changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Revision {
    pub(crate) text: Option<String>,
    pub(crate) tracked: Vec<PathBuf>,
}

/// How many references may lead to each other.
const LONGEST_CHAIN: usize = 5;
/// The longest text that somebody may give as a revision.
const LONGEST_TEXT: usize = 200;

impl Revision {
    /// What `MIGRATION_REVISION` says: `none` for no revision at all. Nothing where it is not set, or empty.
    pub(crate) fn given(text: &str) -> Result<Option<Revision>, String> {
        let text = text.trim();
        if text.chars().any(char::is_control) || text.len() > LONGEST_TEXT {
            return Err("MIGRATION_REVISION is no revision: it has a line end or another control \
                character, or more than 200 bytes"
                .to_owned());
        }
        let given = |text| Revision { text, tracked: Vec::new() };
        Ok(match text {
            "" => None,
            "none" => Some(given(None)),
            text => Some(given(Some(text.to_owned()))),
        })
    }

    /// The revision of the repository that holds a folder.
    pub(crate) fn of(folder: &Path) -> Revision {
        for around in folder.ancestors() {
            // What cargo put into a package in the place of the repository.
            if let Ok(info) = fs::read_to_string(around.join(".cargo_vcs_info.json")) {
                return Revision { text: packaged(&info), tracked: Vec::new() };
            }
            if let Some(repository) = Repository::at(around) {
                return repository.revision();
            }
        }
        Revision::default()
    }
}

/// Where git keeps what it knows.
struct Repository {
    /// What belongs to this working tree: `HEAD` and its log.
    own: PathBuf,
    /// What all working trees share.
    shared: PathBuf,
}

impl Repository {
    fn at(folder: &Path) -> Option<Repository> {
        let place = folder.join(".git");
        let own = match fs::read_to_string(&place) {
            // A working tree of its own, or a submodule.
            Ok(text) => folder.join(text.strip_prefix("gitdir:")?.trim()),
            Err(_) => place,
        };
        if !own.join("HEAD").is_file() {
            return None;
        }
        let shared = match fs::read_to_string(own.join("commondir")) {
            Ok(text) => own.join(text.trim()),
            Err(_) => own.clone(),
        };
        Some(Repository { own, shared })
    }

    fn revision(&self) -> Revision {
        let head = self.own.join("HEAD");
        let mut revision = Revision { text: None, tracked: vec![head.clone()] };
        let mut text = fs::read_to_string(&head).unwrap_or_default();
        for _ in 0..LONGEST_CHAIN {
            let Some(name) = text.strip_prefix("ref:").map(str::trim) else {
                revision.text = hash(text.trim());
                break;
            };
            if !is_reference(name) {
                break;
            }
            let own = [&self.own, &self.shared].map(|it| it.join(name));
            let Some(file) = own.into_iter().find(|it| it.is_file()) else {
                revision.text = self.packed(name, &mut revision.tracked);
                break;
            };
            text = fs::read_to_string(&file).unwrap_or_default();
            revision.tracked.push(file);
        }
        revision
    }

    /// A reference that git has put away with others; the next commit makes a file of its own again, which
    /// only the log of `HEAD` tells.
    fn packed(&self, name: &str, tracked: &mut Vec<PathBuf>) -> Option<String> {
        let (packed, log) = (self.shared.join("packed-refs"), self.own.join("logs/HEAD"));
        let text = fs::read_to_string(&packed).unwrap_or_default();
        tracked.extend([packed, log].into_iter().filter(|it| it.is_file()));
        let mut lines = text.lines().filter_map(|it| it.split_once(' '));
        lines.find(|it| it.1 == name).and_then(|it| hash(it.0))
    }
}

/// Whether a name is one of git's, and leads nowhere else.
fn is_reference(name: &str) -> bool {
    name.starts_with("refs/") && name.split('/').all(|it| !it.is_empty() && !it.starts_with('.'))
}

/// SHA-1 or SHA-256.
fn hash(text: &str) -> Option<String> {
    let is_hash = [40, 64].contains(&text.len()) && text.bytes().all(|it| it.is_ascii_hexdigit());
    is_hash.then(|| text.to_owned())
}

/// The one field that is wanted of a small file that cargo writes.
fn packaged(info: &str) -> Option<String> {
    let (_, rest) = info.split_once("\"sha1\"")?;
    hash(rest.split('"').nth(1)?)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const ONE: &str = "3a35bc1f0c1bb0c1d2e3f405162738495a6b7c8d";
    const TWO: &str = "2c2df6e00000000000000000000000000000000a";

    /// What is found for `PROJECT/migrations`, and what is tracked, without the folder around it.
    #[track_caller]
    fn check(files: &[(&str, &str)], text: Option<&str>, tracked: &[&str]) {
        let around = TempDir::new().unwrap();
        for (name, content) in files {
            let path = around.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let found = Revision::of(&around.path().join("project/migrations"));
        assert_eq!(found.text.as_deref(), text);
        let root = fs::canonicalize(around.path()).unwrap();
        let short = |it: &PathBuf| {
            let real = fs::canonicalize(it).unwrap();
            real.strip_prefix(&root).unwrap().display().to_string()
        };
        assert_eq!(found.tracked.iter().map(short).collect::<Vec<_>>(), tracked);
    }

    #[test]
    fn a_branch_is_followed_to_its_commit() {
        let head = ("project/.git/HEAD", "ref: refs/heads/main\n");
        let line = format!("{ONE}\n");
        check(
            &[head, ("project/.git/refs/heads/main", &line)],
            Some(ONE),
            &["project/.git/HEAD", "project/.git/refs/heads/main"],
        );
        // The folder above holds a workspace.
        check(
            &[(".git/HEAD", "ref: refs/heads/a/b\n"), (".git/refs/heads/a/b", &line)],
            Some(ONE),
            &[".git/HEAD", ".git/refs/heads/a/b"],
        );
        check(&[("project/.git/HEAD", &line)], Some(ONE), &["project/.git/HEAD"]);
        let long = "a".repeat(64);
        check(&[("project/.git/HEAD", &long)], Some(&long), &["project/.git/HEAD"]);
    }

    #[test]
    fn a_branch_that_was_packed_is_found() {
        let head = ("project/.git/HEAD", "ref: refs/heads/main\n");
        let packed = format!(
            "# pack-refs with: peeled fully-peeled sorted\n{TWO} refs/heads/main2\n{ONE} refs/heads/main\n^{TWO}\n"
        );
        let packed = ("project/.git/packed-refs", packed.as_str());
        check(&[head, packed], Some(ONE), &["project/.git/HEAD", "project/.git/packed-refs"]);
        check(
            &[head, packed, ("project/.git/logs/HEAD", "")],
            Some(ONE),
            &["project/.git/HEAD", "project/.git/packed-refs", "project/.git/logs/HEAD"],
        );
        // A file of its own is newer.
        check(
            &[head, packed, ("project/.git/refs/heads/main", TWO)],
            Some(TWO),
            &["project/.git/HEAD", "project/.git/refs/heads/main"],
        );
    }

    #[test]
    fn working_trees_and_submodules_are_followed() {
        check(
            &[
                ("project/.git", "gitdir: ../main/.git/worktrees/project\n"),
                ("main/.git/worktrees/project/HEAD", "ref: refs/heads/topic\n"),
                ("main/.git/worktrees/project/commondir", "../..\n"),
                ("main/.git/HEAD", "ref: refs/heads/main\n"),
                ("main/.git/refs/heads/topic", ONE),
                ("main/.git/refs/heads/main", TWO),
            ],
            Some(ONE),
            &["main/.git/worktrees/project/HEAD", "main/.git/refs/heads/topic"],
        );
        check(
            &[
                ("project/.git", "gitdir: ../.git/modules/project\n"),
                (".git/modules/project/HEAD", ONE),
                (".git/HEAD", TWO),
            ],
            Some(ONE),
            &[".git/modules/project/HEAD"],
        );
    }

    #[test]
    fn a_package_knows_what_it_was_made_of() {
        let info = format!(
            "{{\n  \"git\": {{\n    \"sha1\": \"{ONE}\"\n  }},\n  \"path_in_vcs\": \"\"\n}}"
        );
        let unpacked = ("project/.cargo_vcs_info.json", info.as_str());
        check(&[unpacked, (".git/HEAD", TWO)], Some(ONE), &[]);
        check(&[("project/.cargo_vcs_info.json", "{}"), (".git/HEAD", TWO)], None, &[]);
    }

    #[test]
    fn what_tells_nothing_is_no_revision() {
        check(&[], None, &[]);
        check(&[("project/.git/HEAD", "ref: refs/heads/main\n")], None, &["project/.git/HEAD"]);
        check(&[("project/.git/HEAD", "ref: refs/heads/.invalid\n")], None, &["project/.git/HEAD"]);
        check(&[("project/.git/HEAD", "not a hash\n")], None, &["project/.git/HEAD"]);
        check(&[("project/.git/config", "")], None, &[]);
        check(&[("project/.git", "nonsense")], None, &[]);
        check(&[("project/.git", "gitdir: nowhere")], None, &[]);
        let outside = ("secret", ONE);
        let head = ("project/.git/HEAD", "ref: refs/../../../secret\n");
        check(&[head, outside], None, &["project/.git/HEAD"]);
        let around = [
            ("project/.git/HEAD", "ref: refs/heads/a\n"),
            ("project/.git/refs/heads/a", "ref: refs/heads/a\n"),
        ];
        let a = "project/.git/refs/heads/a";
        check(&around, None, &["project/.git/HEAD", a, a, a, a, a]);
    }

    #[test]
    fn what_is_given_counts_as_it_stands() {
        #[track_caller]
        fn given(text: &str, expected: &str) {
            let found = Revision::given(text).unwrap();
            let tracked = found.as_ref().map_or(0, |it| it.tracked.len());
            let told = found.map(|it| it.text.unwrap_or("switched off".to_owned()));
            assert_eq!(told.unwrap_or("not given".to_owned()), expected, "{text}");
            assert_eq!(tracked, 0);
        }

        given("v1.2.3-4-g3a35bc1", "v1.2.3-4-g3a35bc1");
        given(" 3a35bc1\n", "3a35bc1");
        given("none", "switched off");
        given("", "not given");
        given(" ", "not given");
        assert!(Revision::given("a\nb").is_err());
        assert!(Revision::given(&"x".repeat(201)).is_err());
    }
}
