//! Why there is no plan: nothing was changed, and a person has to decide.

use migrate_core::{Checksum, Version};

use crate::config::ScriptSource;
use crate::drift::{Drift, shorten};
use crate::error::{Error, ErrorKind};
use crate::history::Unfinished;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Scripts changed after they ran.
    Edited(Vec<Drift>),
    /// Migrations are pending that are older than one that ran.
    OutOfOrder(Vec<Drift>),
    /// Work outside a transaction did not end, and what was asked for cannot go on with it.
    Unfinished(Box<Unfinished>),
    /// More than one script is unfinished: nobody knows in which order they would go on.
    UnfinishedMany(Vec<Unfinished>),
    /// It began in a binary that has another set.
    UnfinishedElsewhere(Box<Unfinished>),
    /// The statement that began is not the one in the script any more: what stands there `now`, empty if
    /// nothing does. `None` if not the statement was changed, but what comes before it or the mode.
    UnfinishedChanged { work: Box<Unfinished>, file: String, now: Option<String> },
    /// `--single-transaction` with scripts that cannot run in a transaction.
    CannotShareTransaction(Vec<String>),
    /// `up --to` a version that the binary does not have.
    NoSuchMigration { version: Version, nearest: Option<Version> },
    /// `force` a version that the binary does not have.
    NotToForce { version: Version, nearest: Option<Version> },
    /// `down --to` a version that has not run.
    HasNotRun(Version),
    /// `down N` with fewer migrations that ran.
    TooMany { asked: usize, have: usize },
    /// The binary and the database have different down scripts.
    ScriptDiffers(String),
    /// Neither has one, or not the one that was asked for.
    NoDownScript { version: String, wanted: Option<ScriptSource> },
    /// The down script says that there is no way back.
    Irreversible { version: String, name: String, reason: String },
    /// The same, of a migration that has begun and not ended.
    IrreversibleHalf { version: String, name: String, reason: String },
}

impl Refusal {
    /// Whether it is about work that somebody may still be at.
    pub(crate) fn is_about_unfinished(&self) -> bool {
        matches!(
            self,
            Refusal::Unfinished(_)
                | Refusal::UnfinishedMany(_)
                | Refusal::UnfinishedElsewhere(_)
                | Refusal::UnfinishedChanged { .. }
        )
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Error {
        let error = match refusal {
            Refusal::Edited(list) => edited(&list),
            Refusal::OutOfOrder(list) => out_of_order(&list),
            Refusal::Unfinished(work) => unfinished(&work),
            Refusal::UnfinishedMany(list) => unfinished_many(&list),
            Refusal::UnfinishedElsewhere(work) => Error::new(
                ErrorKind::Unfinished,
                format!("{}, and this binary does not have it", stopped(&work)),
            )
            .with_hint("run `migration-cli repair` of the binary that began it")
            .with_hint("migration-cli force VERSION   # where the history shall say what a person knows"),
            Refusal::UnfinishedChanged { work, file, now } => {
                unfinished_changed(&work, &file, now.as_deref())
            }
            Refusal::CannotShareTransaction(files) => Error::new(
                ErrorKind::Impossible,
                format!("{} cannot run in a transaction, so not all can share one", files.join(", ")),
            )
            .with_hint("migration-cli up")
            .with_hint("migration-cli up --single-transaction --to VERSION   # up to the last one before it"),
            Refusal::NoSuchMigration { version, nearest } => {
                no_such_migration(version, nearest, |it| format!("migration-cli up --to {it}"))
            }
            Refusal::NotToForce { version, nearest } => {
                no_such_migration(version, nearest, |it| format!("migration-cli force {it}"))
            }
            Refusal::HasNotRun(version) => Error::new(
                ErrorKind::NoSuchVersion,
                format!("migration {version} has not run, so nothing can be reverted down to it"),
            )
            .with_hint("migration-cli status"),
            Refusal::TooMany { asked, have } => Error::new(
                ErrorKind::NoSuchVersion,
                format!("{asked} migrations cannot be reverted, {have} have run"),
            )
            .with_hint("migration-cli status")
            .with_hint("migration-cli down --all"),
            Refusal::ScriptDiffers(version) => script_differs(&version),
            Refusal::NoDownScript { version, wanted } => no_down_script(&version, wanted),
            Refusal::Irreversible { version, name, reason } => Error::new(
                ErrorKind::Impossible,
                format!("migration {version}_{name} cannot be reverted: {reason}"),
            )
            .with_hint("migration-cli create NAME   # a migration that undoes what it did"),
            Refusal::IrreversibleHalf { version, name, reason } => Error::new(
                ErrorKind::Impossible,
                format!("migration {version}_{name} is unfinished, and cannot be reverted: {reason}"),
            )
            .with_hint("migration-cli up   # goes on with it"),
        };
        error.with_state("nothing was changed")
    }
}

fn edited(list: &[Drift]) -> Error {
    let mut lines = Vec::new();
    let mut foreign = false;
    for drift in list {
        let Drift::Edited { version, name, ran, embedded } = drift else { continue };
        let (then, now) = (shorten(ran), shorten(embedded));
        lines.push(format!("{version}_{name} (checksum {then} when it ran, {now} in this binary)"));
        foreign |= ran.parse::<Checksum>().is_err();
    }
    let lines = lines.join(", ");
    if foreign {
        let message = format!("another program wrote checksums that are none of ours: {lines}");
        return Error::new(ErrorKind::Edited, message).with_hint(
            "migration-cli repair --update-checksums   # once it is certain that these scripts are the ones that ran",
        );
    }
    let what = if list.len() == 1 { "a script was" } else { "scripts were" };
    Error::new(ErrorKind::Edited, format!("{what} edited after it ran: {lines}"))
        .with_hint("git log -p -- migrations   # bring back the text that ran, and build again")
        .with_hint(
            "migration-cli create NAME   # the change that is meant, as a migration of its own",
        )
}

fn out_of_order(list: &[Drift]) -> Error {
    let mut late = Vec::new();
    let mut after = None;
    for drift in list {
        if let Drift::OutOfOrder { version, name, newest, begun } = drift {
            late.push(format!("{version}_{name}"));
            let fate = if *begun { "begun" } else { "run" };
            after = Some(format!("{newest} has already {fate}"));
        }
    }
    let verb = if late.len() == 1 { "is" } else { "are" };
    let newer = after.unwrap_or_default();
    let message = format!("{} {verb} pending, but the newer {newer}", late.join(", "));
    Error::new(ErrorKind::OutOfOrder, message)
        .with_hint("migration-cli up --allow-out-of-order")
        .with_hint("migration-cli create NAME   # or move both scripts to a newer version, and build again")
}

fn unfinished(work: &Unfinished) -> Error {
    Error::new(ErrorKind::Unfinished, stopped(work))
        .with_hint("migration-cli repair   # goes on with it")
}

fn unfinished_many(list: &[Unfinished]) -> Error {
    let each = list
        .iter()
        .map(|it| format!("the {} script of {} {}", it.direction, it.version, it.progress()));
    let each = each.collect::<Vec<_>>().join(", ");
    let message = format!("{} scripts are unfinished, and only one can go on: {each}", list.len());
    Error::new(ErrorKind::Unfinished, message).with_hint(
        "migration-cli force VERSION   # ends them all; first finish by hand what they began, or take it back",
    )
}

/// Where a script stopped.
fn stopped(work: &Unfinished) -> String {
    let Unfinished { version, direction, .. } = work;
    format!("migration {version} is unfinished: its {direction} script {}", work.progress())
}

fn unfinished_changed(work: &Unfinished, file: &str, now: Option<&str>) -> Error {
    let began = "git log -p -- migrations   # bring back the script that began, and build again";
    let Some(now) = now.filter(|it| work.sql.as_deref() != Some(*it)) else {
        let message = format!(
            "{}, and what comes before it, or how it runs, was changed in {file} since",
            stopped(work)
        );
        return Error::new(ErrorKind::Unfinished, message).with_hint(began);
    };
    let is_gone = now.is_empty();
    let fate = if is_gone { "is gone from" } else { "was changed in" };
    let mut message = format!("{}, and that statement {fate} {file} since", stopped(work));
    if let Some(then) = &work.sql {
        message.push_str(&difference(then, now));
    }
    let error = Error::new(ErrorKind::Unfinished, message).with_hint(began);
    if is_gone {
        return error;
    }
    error.with_hint(
        "migration-cli repair --retry   # the statement as it is now, where the old one did nothing",
    )
}

/// The lines of two texts that differ, under each other.
fn difference(then: &str, now: &str) -> String {
    let (then, now): (Vec<&str>, Vec<&str>) = (then.lines().collect(), now.lines().collect());
    let same = then.iter().zip(&now).take_while(|(one, other)| one == other).count();
    let (then, now) = (&then[same..], &now[same..]);
    let ends = then.iter().rev().zip(now.iter().rev());
    let same = ends.take_while(|(one, other)| one == other).count();
    let signed = |sign, lines: &[&str]| {
        let kept = &lines[..lines.len() - same];
        kept.iter().flat_map(|it| ["\n  ", sign, " ", it]).collect::<String>()
    };
    signed("-", then) + &signed("+", now)
}

fn no_such_migration(
    version: Version,
    nearest: Option<Version>,
    hint: impl FnOnce(Version) -> String,
) -> Error {
    let error =
        Error::new(ErrorKind::NoSuchVersion, format!("this binary has no migration {version}"));
    match nearest {
        Some(nearest) => error.with_hint(hint(nearest)),
        None => error.with_hint("migration-cli status"),
    }
}

fn script_differs(version: &str) -> Error {
    let message = format!(
        "the down script of {version} in this binary is not the one that was kept when it ran"
    );
    Error::new(ErrorKind::ScriptDiffers, message)
        .with_hint(
            "migration-cli down --use stored   # the script as it was when the migration ran",
        )
        .with_hint("migration-cli down --use embedded   # the script in this binary")
}

fn no_down_script(version: &str, wanted: Option<ScriptSource>) -> Error {
    let place = match wanted {
        None => "neither this binary nor the database has",
        Some(ScriptSource::Embedded) => "this binary does not have",
        Some(ScriptSource::Stored) => "the database did not keep",
    };
    Error::new(ErrorKind::Impossible, format!("{place} a down script of {version}"))
        .with_hint("migration-cli status")
        .with_hint("run a binary that has the migration")
}
