//! Commands to paste: the one that was typed, and those that libraries hint at.

use std::ffi::OsString;

use clap::Subcommand as _;

use crate::cli::GlobalArgs;
use crate::commands::Command;
use crate::secret::redact;

/// The name under which libraries speak of this program.
const LIBRARY_NAME: &str = "migration-cli";

/// A URL is left to the variable that it probably came from.
const URL: &str = "\"$DATABASE_URL\"";

/// How hints call this program: by its name, and with what was typed to choose the database. Without
/// that, a pasted command would run on another one.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) program: String,
    flags: Vec<(&'static str, String)>,
}

impl Caller {
    pub(crate) fn new(program: &str) -> Caller {
        Caller { program: program.to_owned(), flags: Vec::new() }
    }

    /// Repeats the flags that choose the database.
    pub(crate) fn with_flags(self, global: &GlobalArgs) -> Caller {
        let quoted = |it: &str| quote(&redact(it));
        let config = global.config.as_ref().map(|it| quoted(&it.to_string_lossy()));
        let flags = [
            ("--env", global.env.as_deref().map(quoted)),
            ("--config", config),
            ("--database-url", global.database_url.as_ref().map(|_| URL.to_owned())),
        ];
        let flags = flags.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        Caller { flags: flags.collect(), ..self }
    }

    /// Puts the running program in the place of the name that libraries use, where a command begins:
    /// as a word of its own, followed by arguments.
    pub(crate) fn rename(&self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(LIBRARY_NAME) {
            let (before, after) = rest.split_at(start);
            let after = &after[LIBRARY_NAME.len()..];
            let alone = before.chars().next_back().is_none_or(|it| " `'\"(".contains(it));
            let called = after.chars().next().is_none_or(|it| " `'\")".contains(it));
            renamed.push_str(before);
            if alone && called {
                renamed.push_str(&self.program);
                renamed.push_str(&self.flags_before(after));
            } else {
                renamed.push_str(LIBRARY_NAME);
            }
            rest = after;
        }
        renamed.push_str(rest);
        renamed
    }

    /// The flags for a command, without those that it already has.
    fn flags_before(&self, after: &str) -> String {
        let end = after.find(['`', '\n']).unwrap_or(after.len());
        let words = after[..end].split([' ', '=']).take_while(|it| *it != "#");
        let is_command = words.clone().nth(1).is_some_and(Command::has_subcommand);
        let missing = self.flags.iter().filter(|(flag, _)| !words.clone().any(|it| it == *flag));
        let flags = missing.filter(|_| is_command).map(|(flag, value)| format!(" {flag} {value}"));
        flags.collect()
    }
}

/// The command as it was typed, to be pasted with something behind it.
pub(crate) fn as_typed(program: &str, args: &[OsString]) -> String {
    let mut words = vec![program.to_owned()];
    let mut secret = false;
    for arg in args.iter().skip(1).map(|it| it.to_string_lossy()) {
        words.push(match arg.as_ref() {
            _ if secret => URL.to_owned(),
            it if it.starts_with("--database-url=") => format!("--database-url={URL}"),
            it => quote(&redact(it)),
        });
        secret = !secret && arg == "--database-url";
    }
    words.join(" ")
}

pub(crate) fn quote(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_=./:@%+,".contains(it);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_command_can_be_pasted_and_has_no_password() {
        #[track_caller]
        fn check(args: &[&str], expected: &str) {
            let args: Vec<OsString> = ["app"].iter().chain(args).map(OsString::from).collect();
            assert_eq!(as_typed("app", &args), expected);
        }

        check(&["down", "2", "--env", "live"], "app down 2 --env live");
        check(
            &["up", "--database-url", "x://canary", "-v"],
            "app up --database-url \"$DATABASE_URL\" -v",
        );
        check(&["--database-url=x://canary", "up"], "app --database-url=\"$DATABASE_URL\" up");
        check(&["up", "--config", "a b's"], "app up --config 'a b'\\''s'");
        check(&["up", "password='a canary'"], "app up 'password=***'");
    }

    #[test]
    fn hints_name_the_running_program() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(Caller::new("app").rename(text), expected);
        }

        check("migration-cli up --wait 5m", "app up --wait 5m");
        check("run `migration-cli repair`", "run `app repair`");
        check("`migration-cli`", "`app`");
        check("/src/migration-cli/x.sql", "/src/migration-cli/x.sql");
        check("my-migration-cli up", "my-migration-cli up");
        check("nothing", "nothing");
    }

    #[test]
    fn a_pasted_hint_runs_on_the_same_database() {
        #[track_caller]
        fn check(typed: &[&str], hint: &str, expected: &str) {
            let cli = Cli::parse_from(["app", "status"].iter().chain(typed));
            let caller = Caller::new("app").with_flags(&cli.global);
            assert_eq!(caller.rename(hint), expected);
        }

        let hint = "migration-cli up --wait 5m";
        check(&[], hint, "app up --wait 5m");
        check(&["--json", "--wait", "1s"], hint, "app up --wait 5m");
        check(&["--env", "live"], hint, "app --env live up --wait 5m");
        check(&["--config", "a b"], hint, "app --config 'a b' up --wait 5m");
        let url = ["--database-url", "postgres://u:canary@h/d", "--env=ci"];
        check(&url, hint, "app --env ci --database-url \"$DATABASE_URL\" up --wait 5m");
        let config = ["--config", "postgres://u:canary@h"];
        check(&config, "migration-cli up", "app --config 'postgres://u:***@h' up");

        let env = ["--env", "live"];
        check(&env, "run `migration-cli down 2`, then up", "run `app --env live down 2`, then up");
        check(&env, "PG_BIN=/x migration-cli up", "PG_BIN=/x app --env live up");
        check(&env, "migration-cli up --env live --confirm", "app up --env live --confirm");
        check(&env, "migration-cli up --env=ci", "app up --env=ci");
        check(&env, "migration-cli up   # see --env", "app --env live up   # see --env");
        check(&env, "migration-cli --help", "app --help");
        check(&env, "migration-cli has a bug", "app has a bug");
    }
}
