//! Consent: what changes a protected environment, or destroys data, has to be agreed to.

use std::ffi::OsString;

use migrate_runtime::ErrorKind;

use crate::context::Context;
use crate::error::CommandError;

impl Context<'_> {
    /// Whether a change of the environment still needs consent.
    pub(crate) fn needs_consent(&self) -> bool {
        self.environment.protected && !self.global.confirm
    }

    /// Why nothing was done: the change would be `what`.
    pub(crate) fn refuse_without_consent(&self, what: &str) -> CommandError {
        let name = &self.environment.name;
        self.refusal(format!(
            "the environment `{name}` is protected: {what} needs --confirm, on a terminal too"
        ))
    }

    /// Data is about to be lost: consent is needed in every environment.
    pub(crate) fn require_consent_to_loss(&self, what: &str) -> Result<(), CommandError> {
        if self.global.confirm {
            return Ok(());
        }
        Err(self.refusal(format!("{what} needs --confirm")))
    }

    fn refusal(&self, message: String) -> CommandError {
        CommandError::new(ErrorKind::Consent, message)
            .with_state("nothing was changed")
            .with_hint(format!("{} --confirm", self.typed))
    }
}

/// The command as it was typed, to be pasted with something behind it; a URL is left to the variable
/// that it probably came from.
pub(crate) fn as_typed(program: &str, args: &[OsString]) -> String {
    let mut words = vec![program.to_owned()];
    let mut secret = false;
    for arg in args.iter().skip(1).map(|it| it.to_string_lossy()) {
        words.push(match arg.as_ref() {
            _ if secret => URL.to_owned(),
            it if it.starts_with("--database-url=") => format!("--database-url={URL}"),
            it => quote(it),
        });
        secret = !secret && arg == "--database-url";
    }
    words.join(" ")
}

const URL: &str = "\"$DATABASE_URL\"";

fn quote(word: &str) -> String {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_=./:@%+,".contains(it);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
