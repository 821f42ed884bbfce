//! What the messages of one run have in common: whose they are, what guards them, how long they may take.

use migrate_core::Direction;

use super::phrase::Wording;
use crate::audit::Audit;
use crate::config::Settings;
use crate::connection::DEALLOCATE;
use crate::deadline::server_millis;
use crate::history::{Server, Store};
use crate::lock::LockKey;
use crate::plan::{Step, StepScript};
use crate::quote::{fill, literal};
use crate::sqlstate;

/// What a script is inside of, as long as nobody ends the transaction.
const INSIDE: (&str, &str) = ("migrate.inside", "'yes'");

/// Of a step that shares its message with others, when it began: the server knows that of messages alone.
/// A number with all its digits, whatever `extra_float_digits` a role has.
const BEGAN: (&str, &str) =
    ("migrate.t0", "EXTRACT(epoch FROM pg_catalog.clock_timestamp())::numeric::pg_catalog.text");

/// Expressions: when a step began, and how many milliseconds it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times<'t> {
    pub(crate) started: &'t str,
    pub(crate) elapsed: &'t str,
}

/// Of a step that has a message of its own.
const OWN_TIMES: Times<'_> = Times {
    started: "pg_catalog.statement_timestamp()",
    elapsed: include_str!("elapsed.sql").trim_ascii_end(),
};

/// Of one that shares a message with others.
const SHARED_TIMES: Times<'_> = Times {
    started: include_str!("shared_started.sql").trim_ascii_end(),
    elapsed: include_str!("shared_elapsed.sql").trim_ascii_end(),
};

/// Steps that share one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shared {
    /// Whether there may be constraints that wait for the end of the transaction.
    pub(super) may_defer: bool,
}

/// What the messages of one run have in common.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) store: Store,
    pub(crate) audit: Audit,
    pub(super) key: LockKey,
    pid: i32,
    statement_timeout_ms: u32,
    pub(super) search_path: String,
    checks_client: bool,
    limits_transactions: bool,
    /// How often the step on its way was sent before.
    pub(crate) retries: u32,
    /// What it did in batches: a member of a JSON object.
    pub(crate) batches: Option<String>,
    /// Where the steps share one message.
    pub(super) shared: Option<Shared>,
    /// What brings a session back to how it was before a script.
    cleanup: Vec<String>,
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
            shared: None,
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

    /// How long the statements of a script may take, each as a setting and its value.
    pub(super) fn limits(
        &self,
        script: &StepScript,
        lock_timeout: u32,
    ) -> [(&'static str, String); 2] {
        let statement_timeout = script.statement_timeout_ms().unwrap_or(self.statement_timeout_ms);
        [
            ("lock_timeout", format!("'{lock_timeout}ms'")),
            ("statement_timeout", format!("'{statement_timeout}ms'")),
        ]
    }

    /// The settings that all scripts have in common, each with its value.
    pub(super) fn settings(&self) -> Vec<(&'static str, &'static str)> {
        // A client that is stopped after a failure leaves no transaction behind; a shorter time that a role may have
        // would not let the failure be told.
        let mut settings = vec![("idle_in_transaction_session_timeout", "'1min'")];
        if self.limits_transactions {
            settings.push(("transaction_timeout", "'0'"));
        }
        if self.checks_client {
            // Without it, the server notices only at the end of a statement that nobody waits for it.
            settings.push(("client_connection_check_interval", "'2s'"));
        }
        settings
    }

    /// A statement that proves what `guard` does, and then lets the script in: with its settings, which cost less here
    /// than as statements of their own, and with its search path, which is the last of them.
    pub(super) fn enter(&self, guard: &str) -> String {
        let mut settings = self.settings();
        settings.push(INSIDE);
        settings.extend(self.shared.map(|_| BEGAN));
        let path = literal(&self.search_path);
        settings.push(("search_path", &path));
        let set = |(name, value)| format!(",\n    pg_catalog.set_config('{name}', {value}, true)");
        format!("SELECT {guard}{}", settings.into_iter().map(set).collect::<String>())
    }

    /// What brings a session back to how it was before a script.
    pub(super) fn cleanup(&self, wording: Wording) -> impl Iterator<Item = &str> {
        // Nothing but our own phrases is prepared where they are said by name: it was looked for.
        let stays = move |it: &&str| wording == Wording::ByName && *it == DEALLOCATE;
        self.cleanup.iter().map(String::as_str).filter(move |it| !stays(it))
    }

    /// An expression: whether what a step would make true is true.
    pub(super) fn already(&self, direction: Direction, version: &str) -> String {
        let not = match direction {
            Direction::Up => "",
            Direction::Down => "NOT ",
        };
        let schema = &self.store.schema;
        format!("{not}EXISTS (SELECT FROM {schema}._migrations WHERE version = {version})")
    }

    /// When the step of a message began, and how long it took.
    pub(super) fn times(&self) -> Times<'static> {
        if self.shared.is_some() { SHARED_TIMES } else { OWN_TIMES }
    }

    /// An expression, which fails or is NULL: `already` is not to be true, and what was done last is `before`, where
    /// that is no NULL. Of statements that are prepared, there are `prepared`, where that is known.
    ///
    /// What is refused comes as a text that is no number, which is an error: [`sqlstate::refusal`] knows it again. A
    /// block in PL/pgSQL could raise one with a code of its own, and costs the server twice as much. The cast is around
    /// the CASE: inside of it, the planner would make an error of every one of them at once. All of it sees what was
    /// committed before the first line locks anything, which is enough: whoever was inside then without the lock that
    /// this session holds fails at its second guard.
    pub(super) fn guard(&self, already: &str, before: &str, prepared: Option<usize>) -> String {
        let others = sqlstate::PREPARED.literal();
        let prepared = prepared.map_or_else(String::new, |it| {
            let values = [("count", &*it.to_string()), ("others", &others)];
            fill(include_str!("guard_prepared.sql"), &values)
        });
        fill(
            include_str!("guard.sql"),
            &[
                ("pid", &self.pid.to_string()),
                ("held", &self.key.is_held()),
                ("key", &self.key.signed().to_string()),
                ("already", already),
                ("before", before),
                ("prepared", prepared.trim_end()),
                ("not_locked", &sqlstate::NOT_LOCKED.literal()),
                ("other_runner", &sqlstate::OTHER_RUNNER.literal()),
                ("not_before", &sqlstate::BEFORE.literal()),
                ("said", &sqlstate::ALREADY.literal()),
            ],
        )
    }

    /// The script has neither given the lock back nor ended our transaction: with that, what was [set](INSIDE) for it
    /// would be gone. So it is after RESET ALL, and then the lock of the transaction tells; only then is it worth
    /// looking at the locks of all sessions.
    pub(super) fn guard_after(&self) -> String {
        let classid = self.key.unsigned().to_string();
        let inside = fill(include_str!("inside.sql"), &[("classid", &classid)]);
        fill(
            include_str!("left.sql"),
            &[
                ("held", &self.key.is_held()),
                ("inside", &literal(inside.trim_end())),
                ("gave_back", &sqlstate::GAVE_BACK.literal()),
                ("ended", &sqlstate::ENDED.literal()),
            ],
        )
    }
}
