//! `import`: the folder of another tool, as migrations of ours.

use std::path::{Path, PathBuf};

use migrate_core::{
    Direction, FileName, Place, Problem, SourceFile, Version, read_folder, resolve,
};

use crate::context::Context;
use crate::error::CommandError;
use crate::import::{
    Converted, Disorder, Found, Layout, Note, Original, Reading, Strange, convert, detect, disk,
    history, read,
};
use crate::output::{ImportRecord, ProblemRecord, print_import};
use crate::paste::quote;
use crate::text::plural;

/// Write the migrations of refinery, sqlx or diesel as pairs of this program
///
/// The folder of the other tool is read and never changed. Versions become seconds in the order in
/// which that tool runs them, scripts keep their text. What the import cannot decide is told, and so is
/// everything that will not build. Needs no database.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ImportArgs {
    /// The folder of the other tool
    #[arg(long, value_name = "DIR")]
    from: PathBuf,

    /// Whose folder it is, where its files do not say so
    #[arg(long, value_name = "TOOL", value_enum)]
    layout: Option<Layout>,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// So many findings fit on a screen or two.
const SHOWN: usize = 50;

/// The kind of what was left out.
const NOT_IMPORTED: &str = "not_imported";

pub(crate) fn run(ctx: &mut Context<'_>, args: &ImportArgs) -> Result<u8, CommandError> {
    let folder = ctx.migrations_folder();
    if !args.from.is_dir() {
        let message = format!("there is no folder `{}`", args.from.display());
        return Err(CommandError::usage(message).with_state("nothing was written"));
    }
    refuse_same(&args.from, &folder)?;
    let (files, links) = disk::read(&args.from, &folder)?;
    let layout = args.layout.map_or_else(|| only_layout(&files, &args.from, &ctx.typed), Ok)?;
    let Reading { originals, mut strange } = read(layout, &files);
    strange.extend(links);
    if originals.is_empty() {
        return Err(nothing_found(&args.from, &[layout]));
    }
    let named = originals.clone();
    let made = convert(layout, originals).map_err(|it| disordered(it, &named))?;
    refuse_clashes(&made, &folder, args)?;

    let mut findings = look(layout, &made, &strange, &folder, args);
    for hint in findings.iter_mut().filter_map(|it| it.hint.as_mut()) {
        *hint = ctx.ui.in_our_name(hint);
    }
    let files: Vec<_> = made.iter().flat_map(Converted::files).collect();
    if !args.dry_run {
        disk::write(&folder, &files)?;
    }
    let path = |(name, _): &(String, &[u8])| folder.join(name).display().to_string();
    let written = if args.dry_run { Vec::new() } else { files.iter().map(path).collect() };
    ctx.report.files = Some(written);
    ctx.report.imported = Some(made.iter().map(ImportRecord::new).collect());
    ctx.report.problems = Some(findings.clone());
    let between = format!("{layout} into {}", folder.display());
    tell(ctx, args, &between, &made, &findings)
}

/// Says what was written, what is to be looked at, and what comes next.
fn tell(
    ctx: &Context<'_>,
    args: &ImportArgs,
    between: &str,
    made: &[Converted],
    findings: &[ProblemRecord],
) -> Result<u8, CommandError> {
    print_import(&ctx.ui, made)?;
    let shown = &findings[..findings.len().min(SHOWN)];
    for (index, finding) in shown.iter().enumerate() {
        ctx.ui.warn(&finding.message);
        // One way out for several findings is said once, after the last of them.
        let next = shown.get(index + 1).and_then(|it| it.hint.as_ref());
        if let Some(hint) = finding.hint.as_ref().filter(|it| next != Some(it)) {
            ctx.ui.hint(hint);
        }
    }
    if findings.len() > SHOWN {
        ctx.ui.warn(format!("and {} more: --json has them all", findings.len() - SHOWN));
    }
    for note in Note::all() {
        let count = made.iter().filter(|it| it.notes.contains(&note)).count();
        if let Some(warning) = note.warning().filter(|_| count > 0) {
            ctx.ui.warn(format!("{} {warning}", plural(count, "migration")));
        }
    }
    let verb = if args.dry_run { "Would import" } else { "Imported" };
    ctx.ui.result(format!("{verb} {} from {between}.", plural(made.len(), "migration")))?;
    if args.dry_run {
        ctx.ui.note("Nothing was written: leave out --dry-run to write them.");
        return Ok(0);
    }
    let mend = match findings.iter().find(|it| it.kind != NOT_IMPORTED) {
        Some(_) => "mend what the warnings name, then ",
        None => "",
    };
    let next = format!("{mend}build again: the program has its migrations inside.");
    ctx.ui.note(format!("Next: {next}"));
    if let Some(newest) = made.iter().map(|it| it.version).max() {
        ctx.ui.note(format!(
            "The lint leaves them alone with `baseline = \"{newest}\"` under [lint] in migration.toml."
        ));
    }
    ctx.ui.note(
        "Databases in which they have run already keep what they have: docs/adopting.md says how.",
    );
    Ok(0)
}

fn refuse_same(from: &Path, folder: &Path) -> Result<(), CommandError> {
    let same = from.canonicalize().ok().zip(folder.canonicalize().ok());
    if same.is_none_or(|(one, other)| one != other) {
        return Ok(());
    }
    let name = from.display().to_string();
    let name = name.trim_end_matches('/');
    let old = format!("{name}-old");
    let message = format!("{name} is the folder that the migrations are written into");
    let elsewhere = format!("{} --migrations-dir NEW_FOLDER", again(Path::new(name)));
    Err(CommandError::usage(message)
        .with_hint(format!("mv {} {} && {}", quote(name), quote(&old), again(Path::new(&old))))
        .with_hint(elsewhere))
}

fn only_layout(files: &[Found], from: &Path, typed: &str) -> Result<Layout, CommandError> {
    match detect(files).as_slice() {
        [] => Err(nothing_found(from, &Layout::ALL)),
        [layout] => Ok(*layout),
        several => {
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            let message =
                format!("{} has migrations of {}", from.display(), names.join(" and of "));
            let hint = |error: CommandError, it| error.with_hint(format!("{typed} --layout {it}"));
            Err(several.iter().fold(CommandError::usage(message), hint))
        }
    }
}

/// The command to be typed again, with something behind it.
fn again(from: &Path) -> String {
    format!("migration-cli import --from {}", quote(&from.display().to_string()))
}

fn nothing_found(from: &Path, layouts: &[Layout]) -> CommandError {
    let message = match layouts {
        [layout] => format!("{} has no migration of {layout}", from.display()),
        _ => format!("{} has no migration of a tool that is known", from.display()),
    };
    let example = |error: CommandError, it: &Layout| {
        error.with_hint(format!("{it} has files such as {}", it.example()))
    };
    layouts.iter().fold(CommandError::usage(message), example)
}

fn disordered(disorder: Disorder, originals: &[Original]) -> CommandError {
    let (earlier, later) = (&originals[disorder.earlier], &originals[disorder.later]);
    let names = format!("{} and {}", earlier.from, later.from);
    let message = match disorder.seconds {
        Some((one, other)) => format!(
            "the versions of {names} have no common order: the second runs after the first, and \
             they mean {one} and {other}"
        ),
        None if earlier.from == later.from => {
            format!("there is no version for {}", later.from)
        }
        None => format!("{names} have the same version, or there is none after the first"),
    };
    CommandError::usage(message)
        .with_state("nothing was written")
        .with_hint("rename one of them in a copy of the folder, and import the copy")
}

/// Nothing is written over anything, and no version is given twice.
fn refuse_clashes(
    made: &[Converted],
    folder: &Path,
    args: &ImportArgs,
) -> Result<(), CommandError> {
    let mut taken = versions_in(folder);
    taken.retain(|(version, _)| made.iter().any(|it| it.version == *version));
    let Some((version, name)) = taken.iter().min() else { return Ok(()) };
    let more = match taken.len() {
        1 => String::new(),
        count => format!(", and {} more", plural(count - 1, "file")),
    };
    let message = format!("{} has the version {version} already: {name}{more}", folder.display());
    let layout = args.layout.map(|it| format!(" --layout {it}")).unwrap_or_default();
    let dry_run = if args.dry_run { " --dry-run" } else { "" };
    let again = again(&args.from);
    Err(CommandError::usage(message)
        .with_state("nothing was written")
        .with_hint(format!("{again}{layout}{dry_run} --migrations-dir NEW_FOLDER")))
}

/// The scripts that are in our folder already.
fn versions_in(folder: &Path) -> Vec<(Version, String)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let names = entries.filter_map(|it| it.ok()?.file_name().into_string().ok());
    names.filter_map(|it| Some((it.parse::<FileName>().ok()?.version, it))).collect()
}

/// Everything that somebody has to decide or to mend before the folder builds.
fn look(
    layout: Layout,
    made: &[Converted],
    strange: &[Strange],
    folder: &Path,
    args: &ImportArgs,
) -> Vec<ProblemRecord> {
    let display = folder.display().to_string();
    let programs = made.iter().filter(|it| it.notes.contains(&Note::Program));
    let programs: Vec<(String, ProblemRecord)> = programs
        .map(|it| {
            let file = file_in(&display, it, Direction::Up);
            let from = args.from.join(&it.from);
            let message = format!("{file}: {} is a program, not SQL", from.display());
            let hint = "write the SQL that it makes, in the place of the comment".to_owned();
            let version = Some(it.version.to_string());
            let hint = Some(hint);
            (
                file,
                ProblemRecord {
                    kind: "program",
                    version,
                    message,
                    hint,
                    ..ProblemRecord::default()
                },
            )
        })
        .collect();
    let mut problems = problems(made, folder, &display);
    problems.retain(|it| !programs.iter().any(|(file, _)| *file == it.file));
    let strange = strange.iter().map(|it| ProblemRecord {
        kind: NOT_IMPORTED,
        message: format!("{} was not imported: {}", args.from.join(&it.path).display(), it.why),
        ..ProblemRecord::default()
    });
    let programs = programs.iter().map(|(_, finding)| finding.clone());
    let histories = made.iter().flat_map(|it| of_history(layout, it, &display));
    let problems = problems.iter().map(of_problem);
    let order = out_of_order(made, folder);
    strange.chain(order).chain(programs).chain(histories).chain(problems).collect()
}

/// What the next build would say, the scripts that are there already included.
fn problems(made: &[Converted], folder: &Path, display: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if folder.exists() {
        problems = read_folder(folder, display).err().unwrap_or_default();
    }
    let there = versions_in(folder).into_iter().filter_map(|(_, name)| {
        let path = folder.join(&name);
        Some(SourceFile { bytes: std::fs::read(&path).ok()?, path, name })
    });
    let new = made.iter().flat_map(Converted::files).map(|(name, bytes)| SourceFile {
        path: folder.join(&name),
        bytes: bytes.to_vec(),
        name,
    });
    let found = resolve(there.chain(new).collect(), display).err().unwrap_or_default();
    problems.retain(|it| !found.contains(it));
    problems.extend(found);
    problems.sort_by(|one, other| (&one.file, one.place).cmp(&(&other.file, other.place)));
    problems
}

/// What is in the folder already may have run, and then what comes before it is too late.
fn out_of_order(made: &[Converted], folder: &Path) -> Option<ProblemRecord> {
    let (newest, name) = versions_in(folder).into_iter().max()?;
    let late = made.iter().filter(|it| it.version < newest).count();
    (late > 0).then(|| ProblemRecord {
        kind: "out_of_order",
        version: Some(newest.to_string()),
        message: format!(
            "{} older than {name}, which is in {} already",
            plural(late, "imported migration"),
            folder.display()
        ),
        hint: Some("where that has run: migration-cli up --allow-out-of-order".to_owned()),
        ..ProblemRecord::default()
    })
}

/// The history of the other tool is missing where this program makes the database.
fn of_history(layout: Layout, made: &Converted, folder: &str) -> Vec<ProblemRecord> {
    let table = layout.history_table();
    let uses = history::uses(layout, made).into_iter();
    let finding = uses.map(|(direction, Place { line, column })| ProblemRecord {
        kind: "history_table",
        version: Some(made.version.to_string()),
        message: format!(
            "{}:{line}:{column}: uses `{table}`, which a database without {layout} does not have",
            file_in(folder, made, direction)
        ),
        hint: Some(format!("delete the statement, or ask `to_regclass('{table}')` before it")),
        ..ProblemRecord::default()
    });
    finding.collect()
}

fn file_in(folder: &str, made: &Converted, direction: Direction) -> String {
    format!("{}/{}", folder.trim_end_matches('/'), made.file(direction))
}

fn of_problem(problem: &Problem) -> ProblemRecord {
    let name = problem.file.rsplit('/').next().unwrap_or_default();
    let version = name.split('_').next().and_then(|it| it.parse::<Version>().ok());
    ProblemRecord {
        kind: problem.kind.as_str(),
        version: version.map(|it| it.to_string()),
        message: problem.to_string(),
        hint: problem.help.clone(),
        ..ProblemRecord::default()
    }
}
