//! Consent: what changes a protected environment, or destroys data, has to be agreed to.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Interrupt, Migrator};

use crate::context::{Context, Session};
use crate::error::CommandError;
use crate::output::Ui;

/// How often somebody who thinks is asked whether a signal came.
const LOOK: Duration = Duration::from_millis(50);

impl Context<'_> {
    /// Whether a change of the environment still needs consent.
    pub(crate) fn needs_consent(&self) -> bool {
        self.environment.protected && !self.global.confirm
    }

    /// Whether there is a person to ask.
    pub(crate) fn may_ask(&self) -> bool {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        terminal && !self.global.non_interactive
    }

    /// Asks whoever sits at the terminal to type the name of the database, after what will happen was shown
    /// by `show`. Where nobody sits there, or they type something else, nothing is done.
    pub(crate) fn agree(
        &self,
        what: &str,
        interrupt: &Interrupt,
        show: impl FnOnce(&Ui),
    ) -> Result<(), CommandError> {
        let name = &self.environment.name;
        if !self.may_ask() {
            return Err(self.refusal(format!(
                "the environment `{name}` is protected: {what} needs --confirm"
            )));
        }
        show(&self.ui);
        let database = self.report.database.as_deref().unwrap_or(name);
        self.ask(&format!("This is a protected database: {what}."), database, interrupt)
    }

    /// Runs what went to stdout already, with the consent that it needs; `show` shows it where that is
    /// elsewhere.
    pub(crate) fn with_consent<T>(
        &self,
        Session { mut migrator, progress }: Session,
        what: &str,
        show: impl FnOnce(&Ui),
        run: impl Fn(&mut Migrator) -> Result<T, Error>,
    ) -> Result<T, CommandError> {
        if !self.needs_consent() {
            let ran = run(&mut migrator);
            progress.end();
            match ran {
                // The database itself says that it is protected.
                Err(error) if error.kind() == ErrorKind::Consent && self.may_ask() => {}
                ended => return Ok(ended?),
            }
        }
        self.agree(what, &migrator.interrupt(), |ui| {
            if !ui.shows_results() {
                show(ui);
            }
        })?;
        migrator.confirm();
        let ran = run(&mut migrator);
        progress.end();
        Ok(ran?)
    }

    /// Data is about to be lost: consent is needed in every environment.
    pub(crate) fn require_consent_to_loss(
        &self,
        what: &str,
        interrupt: &Interrupt,
    ) -> Result<(), CommandError> {
        if self.global.confirm {
            return Ok(());
        }
        if !self.may_ask() {
            return Err(self.refusal(format!("{what} needs --confirm")));
        }
        let word = self.report.database.as_deref().unwrap_or(&self.environment.name);
        self.ask(&format!("Data will be lost: {what}."), word, interrupt)
    }

    fn ask(&self, why: &str, word: &str, interrupt: &Interrupt) -> Result<(), CommandError> {
        let answer = self.prompt.during(|| {
            self.ui.say(why);
            let mut stderr = io::stderr();
            // Where even that cannot be written, nobody will answer either.
            let _ = write!(stderr, "Type {word} to go on: ").and_then(|()| stderr.flush());
            answer(interrupt)
        });
        match answer {
            Answer::Line(line) if line.trim_end_matches(['\n', '\r']) == word => Ok(()),
            Answer::Line(_) => {
                Err(self.refusal(format!("that is not `{word}`: nobody has agreed to it")))
            }
            Answer::Interrupted => {
                self.ui.say("");
                Err(CommandError::new(ErrorKind::Interrupted, "interrupted before anything began")
                    .with_state("nothing was changed"))
            }
        }
    }

    fn refusal(&self, message: String) -> CommandError {
        CommandError::new(ErrorKind::Consent, message)
            .with_state("nothing was changed")
            .with_hint(self.typed_with("--confirm"))
    }

    /// The command as it was typed, with a flag that it needs.
    pub(crate) fn typed_with(&self, flag: &str) -> String {
        format!("{} {flag}", self.typed)
    }
}

enum Answer {
    /// Empty where the terminal was closed.
    Line(String),
    Interrupted,
}

/// A line from the terminal, unless a signal comes first: reading alone would not end by it.
fn answer(interrupt: &Interrupt) -> Answer {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        // What cannot be read is no consent.
        let _ = io::stdin().read_line(&mut line);
        let _ = sender.send(line);
    });
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => return Answer::Line(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Answer::Line(String::new()),
            Err(mpsc::RecvTimeoutError::Timeout) if interrupt.is_asked() => {
                return Answer::Interrupted;
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
    }
}
