//! Puts up and down scripts together, one pair per version.

use std::collections::BTreeMap;

use crate::resolve::display;
use crate::{Direction, FileName, Problem, ProblemKind, SourceMigration, SourceScript, Version};

/// One script of a migration; the text is missing where it has problems of its own.
pub(crate) struct Half {
    pub(crate) name: FileName,
    pub(crate) script: Option<SourceScript>,
}

/// Pairs the scripts, oldest version first.
pub(crate) fn pair(halves: Vec<Half>, folder: &str) -> (Vec<SourceMigration>, Vec<Problem>) {
    let mut versions: BTreeMap<Version, Vec<Half>> = BTreeMap::new();
    for half in halves {
        versions.entry(half.name.version).or_default().push(half);
    }
    let (mut migrations, mut problems) = (Vec::new(), Vec::new());
    for (version, mut halves) in versions {
        halves.sort_by(|one, other| one.name.cmp(&other.name));
        let found = find_problems(&halves, folder);
        if found.is_empty() {
            migrations.extend(put_together(version, halves));
        }
        problems.extend(found);
    }
    (migrations, problems)
}

/// Looks at the scripts of one version, sorted by name, up before down.
fn find_problems(halves: &[Half], folder: &str) -> Vec<Problem> {
    let names: Vec<&[Half]> = halves.chunk_by(|a, b| a.name.name == b.name.name).collect();
    // An up script and a down script with two names are one slip of the pen, not two lone halves
    // of two migrations.
    if let [[one], [other]] = names.as_slice()
        && one.name.direction != other.name.direction
    {
        let (up, down) =
            if one.name.direction == Direction::Up { (one, other) } else { (other, one) };
        let message = format!("its up script is named `{}`", up.name);
        let help = format!("rename it to `{}`", up.name.twin());
        return vec![problem(ProblemKind::LoneHalf, &down.name, folder, message, help)];
    }
    let lone = halves.iter().filter(|it| {
        let twin = it.name.twin();
        !halves.iter().any(|other| other.name == twin)
    });
    let mut problems: Vec<Problem> = lone.map(|it| lone_half(&it.name, folder)).collect();
    if let [first, others @ ..] = names.as_slice() {
        let version = first[0].name.version;
        let message = format!("version {version} is also that of `{}`", first[0].name);
        let again = others.iter().map(|it| {
            let help = "give one of them another version: each is a second of its own".to_owned();
            problem(ProblemKind::DuplicateVersion, &it[0].name, folder, message.clone(), help)
        });
        problems.extend(again);
    }
    problems
}

fn lone_half(name: &FileName, folder: &str) -> Problem {
    let twin = name.twin();
    let (message, help) = match name.direction {
        Direction::Up => (
            "an up script without its down script",
            format!(
                "write `{twin}`; where there is no way back, `-- migrate:irreversible because REASON` in it says so"
            ),
        ),
        Direction::Down => {
            ("a down script without its up script", format!("write `{twin}`, or delete this file"))
        }
    };
    problem(ProblemKind::LoneHalf, name, folder, message.to_owned(), help)
}

fn problem(
    kind: ProblemKind,
    name: &FileName,
    folder: &str,
    message: String,
    help: String,
) -> Problem {
    Problem::of_file(kind, display(folder, &name.to_string()), message, help)
}

fn put_together(version: Version, halves: Vec<Half>) -> Option<SourceMigration> {
    let mut halves = halves.into_iter();
    let (up, down) = (halves.next()?, halves.next()?);
    Some(SourceMigration { version, name: up.name.name, up: up.script?, down: down.script? })
}
