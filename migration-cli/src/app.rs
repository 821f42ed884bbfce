//! One run of the program: parse, do, report; and whatever happens, an exit code that is documented.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::ffi::OsString;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use clap::FromArgMatches as _;
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};
use migrate_runtime::{ErrorKind, MigrationSet};

use crate::cli::{Cli, Color, parser};
use crate::commands;
use crate::context::Start;
use crate::error::CommandError;
use crate::output::{Report, Ui};
use crate::paste::as_typed;
use crate::secret::redact;

/// Runs the program and returns its exit code.
pub(crate) fn run(set: &'static MigrationSet, args: Vec<OsString>) -> u8 {
    let args = help_as_flag(args);
    let early = Early::read(&args);
    let ui = Ui::new(&early.program, early.color.choice()).with_json(early.json);
    let panicked = note_panics();
    guarded(&ui, early.json, &panicked, || {
        let parser = early.parser();
        let mut report = Report { command: named(&parser, &args), ..Report::default() };
        let typed = as_typed(&early.program, &args);
        let result = match parse((&early, parser), set.revision(), args, &ui) {
            Ok(Parsed::Command(cli)) => {
                let ui = ui.clone().with_flags(&cli.global);
                let result = execute(set, *cli, &ui, &mut report, typed);
                return finish(&result, report, &ui, early.json);
            }
            Ok(Parsed::Text(text)) if early.json => {
                report.text = Some(anstream::adapter::strip_str(&text).to_string());
                Ok(0)
            }
            Ok(Parsed::Text(text)) => return ui.json(text.trim_end()).map_or(1, |()| 0),
            Err(error) => Err(error),
        };
        finish(&result, report, &ui, early.json)
    })
}

/// `help COMMAND` is `COMMAND --help`: one text, whichever way it is asked for.
fn help_as_flag(mut args: Vec<OsString>) -> Vec<OsString> {
    if args.get(1).is_some_and(|it| it == "help") {
        args.remove(1);
        args.push("--help".into());
    }
    args
}

/// What the last panic said.
type Panicked = Arc<Mutex<Option<String>>>;

/// A panic is a bug of ours, and ends like every other failure: with a message and an exit code.
fn guarded(ui: &Ui, json: bool, panicked: &Panicked, work: impl FnOnce() -> u8) -> u8 {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = panicked.lock().unwrap_or_else(PoisonError::into_inner).take();
        let error = CommandError::new(ErrorKind::Internal, "this is a bug in the program")
            .because(what.unwrap_or_else(|| "it panicked".to_owned()))
            .with_hint("set RUST_BACKTRACE=1 and RUST_LOG=debug, run it again, report the output");
        finish(&Err(error), Report::default(), ui, json)
    })
}

/// What the arguments say about output, known before they are understood.
struct Early {
    program: String,
    json: bool,
    color: Color,
}

impl Early {
    fn read(args: &[OsString]) -> Early {
        let name = args.first().and_then(|it| Path::new(it).file_name()?.to_str());
        let name = name.unwrap_or("migration-cli");
        let program = name.strip_suffix(".exe").unwrap_or(name).to_owned();
        let texts = || args.iter().skip(1).map_while(|it| it.to_str().filter(|it| *it != "--"));
        // `schema` has a format of that name too, and means something else.
        let is_check = texts().find(|it| ["check", "schema"].contains(it)) == Some("check");
        let (mut json, mut color) = (false, Color::Auto);
        for (arg, next) in texts().zip(texts().skip(1).chain([""])) {
            let value = |flag: &str| match arg.strip_prefix(flag)? {
                "" => Some(next),
                rest => rest.strip_prefix('='),
            };
            match value("--color") {
                Some("always") => color = Color::Always,
                Some("never") => color = Color::Never,
                _ => {}
            }
            json |= arg == "--json" || is_check && value("--format") == Some("json");
        }
        Early { program, json, color }
    }

    fn parser(&self) -> clap::Command {
        parser(&self.program, self.color)
    }
}

/// The command that was meant, where the arguments as a whole cannot be understood.
fn named(parser: &clap::Command, args: &[OsString]) -> String {
    let found = args.iter().skip(1).find_map(|it| parser.find_subcommand(it));
    found.map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// What the arguments ask for.
enum Parsed {
    Command(Box<Cli>),
    /// Help or the version.
    Text(String),
}

fn parse(
    (early, mut parser): (&Early, clap::Command),
    revision: Option<&'static str>,
    args: Vec<OsString>,
    ui: &Ui,
) -> Result<Parsed, CommandError> {
    let command = format!("{} {}", early.program, named(&parser, &args));
    if let (Some(version), Some(revision)) = (parser.get_version().map(str::to_owned), revision) {
        parser = parser.version(format!("{version}, revision {revision}"));
    }
    let matches = parser.try_get_matches_from(args);
    let error = match matches.and_then(|it| Cli::from_arg_matches(&it)) {
        Ok(cli) => return Ok(Parsed::Command(Box::new(cli))),
        Err(error) => error,
    };
    let text = error.render();
    match error.kind() {
        ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion => {
            return Ok(Parsed::Text(text.ansi().to_string()));
        }
        ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !early.json => {
            ui.say(text.ansi());
            return Err(CommandError::usage("a command is missing"));
        }
        ClapErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Err(CommandError::usage("a command is missing")
                .with_hint(format!("{} --help", early.program)));
        }
        _ => {}
    }
    Err(usage(&error, &text.to_string(), &command))
}

/// Puts what the parser says into the form of all our errors. It quotes what was typed, which may be a
/// URL in the wrong place.
fn usage(parsed: &clap::Error, text: &str, command: &str) -> CommandError {
    let text = redact(text);
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let message: Vec<&str> = message.lines().map(str::trim).collect();
    let mut error = CommandError::usage(message.join(" "));
    let meant = meant(parsed);
    for word in &meant {
        error = error.with_hint(format!("did you mean `{word}`?"));
    }
    for paragraph in paragraphs.filter(|_| meant.is_empty()) {
        for tip in paragraph.lines().filter_map(|it| it.trim().strip_prefix("tip: ")) {
            error = error.with_hint(tip);
        }
    }
    error.with_hint(format!("{} --help", command.trim_end()))
}

/// What was probably meant: words of ours, never what was typed.
fn meant(error: &clap::Error) -> Vec<String> {
    const SUGGESTED: [ContextKind; 3] =
        [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let found = SUGGESTED.into_iter().find_map(|it| error.get(it));
    match found {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        _ => Vec::new(),
    }
}

fn execute(
    set: &'static MigrationSet,
    cli: Cli,
    ui: &Ui,
    report: &mut Report,
    typed: String,
) -> Result<u8, CommandError> {
    let Cli { global, command } = cli;
    report.command = command.name();
    commands::run(Start::new(set, global, ui, report, typed), &command)
}

fn finish(result: &Result<u8, CommandError>, mut report: Report, ui: &Ui, json: bool) -> u8 {
    report.end(result.as_ref().copied(), ui);
    if let Err(error) = result {
        ui.failure(error);
    }
    if json && let Err(error) = ui.json(&report.to_json()) {
        ui.failure(&error);
        return error.kind.exit_code();
    }
    report.exit_code
}

/// Keeps what a panic says for the report; the usual text appears where a backtrace was asked for.
fn note_panics() -> Panicked {
    let usual = panic::take_hook();
    let slot = Arc::new(Mutex::new(None));
    let noted = Arc::clone(&slot);
    panic::set_hook(Box::new(move |info| {
        *noted.lock().unwrap_or_else(PoisonError::into_inner) = Some(info.to_string());
        if Backtrace::capture().status() == BacktraceStatus::Captured {
            usual(info);
        }
    }));
    slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_the_wrong_place_is_not_repeated() {
        #[track_caller]
        fn check(args: &[&str]) {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let early = Early::read(&args);
            let ui = Ui::new("app", anstream::ColorChoice::Never);
            let Err(error) = parse((&early, early.parser()), None, args, &ui) else {
                panic!("understood")
            };
            assert_eq!(error.kind.exit_code(), 2);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }

        check(&["app", "postgres://u:canary@h/d", "up"]);
        check(&["app", "down", "postgres://u:canary@h/d"]);
        check(&["app", "up", "--to", "postgres://u:canary@h/d"]);
        check(&["app", "up", "--databse-url=postgres://u:canary@h/d"]);
        check(&["app", "up", "--databse-url", "postgres://u:canary@h/d"]);
        check(&["app", "up", "--quiet=postgres://u:canary@h/d"]);
    }

    #[test]
    fn an_object_is_asked_for_in_two_ways() {
        #[track_caller]
        fn check(args: &[&str], is_json: bool) {
            let args: Vec<OsString> = ["app"].iter().chain(args).map(OsString::from).collect();
            assert_eq!(Early::read(&args).json, is_json, "{args:?}");
        }

        check(&["up", "--json", "--stepz"], true);
        check(&["check", "--format=json"], true);
        check(&["check", "--format", "json", "--stepz"], true);
        check(&["check", "--format=sarif"], false);
        check(&["schema", "--tables", "check", "--format", "json"], false);
        check(&["check", "--formats=json"], false);
        check(&["export", "--format=json"], false);
        check(&["create", "--", "--json"], false);
    }

    #[test]
    fn what_the_parser_says_becomes_an_error_of_ours() {
        #[track_caller]
        fn check(args: &[&str], message: &str, hint: &str) {
            let args: Vec<OsString> = ["app"].iter().chain(args).map(OsString::from).collect();
            let early = Early::read(&args);
            let ui = Ui::new("app", anstream::ColorChoice::Never);
            let Err(error) = parse((&early, early.parser()), None, args, &ui) else {
                panic!("understood")
            };
            assert!(error.message.starts_with(message), "{error:?}");
            let last = error.hints.last().unwrap();
            assert!(last.starts_with(hint) && last.ends_with("--help"), "{error:?}");
        }

        check(&["up", "--stepz", "1"], "unexpected argument '--stepz' found", "app up --help");
        check(&["down", "0"], "invalid value '0' for '[N]'", "app down --help");
        check(&["create"], "the following required arguments were not provided: <NAME>", "app");
        check(&["statsu"], "unrecognized subcommand 'statsu'", "app --help");
    }

    #[test]
    fn a_panic_is_told_and_has_its_exit_code() {
        let ui = Ui::new("app", anstream::ColorChoice::Never);
        assert_eq!(guarded(&ui, false, &Panicked::default(), || panic!("of this test")), 70);
        assert_eq!(guarded(&ui, false, &Panicked::default(), || 4), 4);
    }

    #[test]
    fn output_is_decided_before_the_arguments_are_understood() {
        let read = |args: &[&str]| {
            let args: Vec<OsString> = args.iter().map(OsString::from).collect();
            let early = Early::read(&args);
            (early.program.clone(), early.json, early.color, named(&early.parser(), &args))
        };
        assert_eq!(read(&["/opt/contracts-1.4.2"]).0, "contracts-1.4.2");
        let plain = ("app".to_owned(), false, Color::Auto, String::new());
        assert_eq!(read(&["/usr/bin/app", "--", "--json"]), plain);
        let all = ("app".to_owned(), true, Color::Never, "up".to_owned());
        assert_eq!(read(&["app.exe", "apply", "--color", "never", "--json", "--x"]), all);
    }
}
