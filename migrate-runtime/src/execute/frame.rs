//! What the messages of one run have in common: whose they are, what guards them, how long they may take.

use crate::audit::Audit;
use crate::config::Settings;
use crate::deadline::server_millis;
use crate::history::{Server, Store};
use crate::lock::LockKey;
use crate::plan::{Step, StepScript};
use crate::quote::{fill, literal};

/// What a script is inside of, as long as nobody ends the transaction.
pub(super) const INSIDE: &str = "SET LOCAL migrate.inside = 'yes'";

/// What the messages of one run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(super) key: LockKey,
    pid: i32,
    statement_timeout_ms: u32,
    search_path: String,
    checks_client: bool,
    limits_transactions: bool,
    /// How often the step on its way was sent before.
    pub(crate) retries: u32,
    /// What it did in batches: a member of a JSON object.
    pub(crate) batches: Option<String>,
    /// What brings a session back to how it was before a script.
    pub(super) cleanup: Vec<String>,
}

impl Frame {
    pub(crate) fn new(
        (store, audit): (Store, Audit),
        key: LockKey,
        server: &Server,
        settings: &Settings,
        cleanup: Vec<String>,
    ) -> Frame {
        Frame {
            store,
            audit,
            key,
            pid: server.pid,
            statement_timeout_ms: server_millis(settings.statement_timeout),
            search_path: settings.search_path(),
            checks_client: server.checks_client,
            limits_transactions: server.role_limits.transactions,
            retries: 0,
            batches: None,
            cleanup,
        }
    }

    /// A statement of ours about the progress of a step.
    pub(crate) fn about(&self, step: &Step, sql: &str) -> String {
        let values = [
            ("schema", self.store.schema.as_str()),
            ("version", &literal(step.version())),
            ("direction", &literal(step.direction().as_str())),
        ];
        let upto = fill(include_str!("upto.sql"), &values);
        let values = values.into_iter().chain([("upto", upto.trim_end())]);
        fill(sql, &values.collect::<Vec<_>>())
    }

    /// The settings of a script, each as a name and a value.
    pub(crate) fn settings(
        &self,
        script: &StepScript,
        lock_timeout: u32,
    ) -> Vec<(&'static str, String)> {
        let statement_timeout = script.statement_timeout_ms().unwrap_or(self.statement_timeout_ms);
        let mut settings = vec![
            ("lock_timeout", format!("'{lock_timeout}ms'")),
            ("statement_timeout", format!("'{statement_timeout}ms'")),
            // A client that is stopped after a failure leaves no transaction behind; a shorter time that a
            // role may have would not let the failure be told.
            ("idle_in_transaction_session_timeout", "'1min'".to_owned()),
            ("search_path", self.search_path.clone()),
        ];
        if self.limits_transactions {
            settings.push(("transaction_timeout", "0".to_owned()));
        }
        if self.checks_client {
            // Without it, the server notices only at the end of a statement that nobody waits for it.
            settings.push(("client_connection_check_interval", "'2s'".to_owned()));
        }
        settings
    }

    /// What brings a session back to how it was before a script.
    pub(crate) fn cleanup(&self) -> &[String] {
        &self.cleanup
    }

    /// `already` is not to be true, and what was done last is `before`, where that is given.
    ///
    /// What is refused comes as a text that is no number, which is an error: [`sqlstate::refusal`] knows it again. A
    /// block in PL/pgSQL could raise one with a code of its own, and costs the server twice as much.
    ///
    /// [`sqlstate::refusal`]: crate::sqlstate::refusal
    pub(super) fn guard(&self, already: &str, before: Option<&str>) -> String {
        let before = before.map_or_else(String::new, |before| {
            fill(include_str!("guard_before.sql"), &[("before", &literal(before))])
        });
        fill(
            include_str!("guard.sql"),
            &[
                ("pid", &self.pid.to_string()),
                ("held", &self.key.is_held()),
                ("key", &self.key.signed().to_string()),
                ("already", already),
                ("before", before.trim_end()),
            ],
        )
    }

    /// The script has neither given the lock back nor ended our transaction: with that, what was [set](INSIDE) for it
    /// would be gone. So it is after RESET ALL, and then the lock of the transaction tells; only then is it worth
    /// looking at the locks of all sessions.
    pub(super) fn guard_after(&self) -> String {
        let classid = self.key.unsigned().to_string();
        let inside = fill(include_str!("inside.sql"), &[("classid", &classid)]);
        let values = [("held", &*self.key.is_held()), ("inside", &literal(inside.trim_end()))];
        fill(include_str!("left.sql"), &values)
    }
}
