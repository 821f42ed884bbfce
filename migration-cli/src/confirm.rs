//! Consent: what changes a protected environment, or destroys data, has to be agreed to.

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
