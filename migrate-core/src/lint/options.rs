//! What people set: `postgres_version` and `[lint]` of `migration.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{RULES, Rule, Severity, rule};
use crate::{Place, Version, nearest, place_of};

/// How to look at a set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintOptions {
    /// The oldest server version that the migrations must run on.
    pub postgres_version: u8,
    /// Migrations up to this one are left alone: they were there before the lint was.
    pub baseline: Option<Version>,
    /// What is not left as the rule has it.
    pub levels: BTreeMap<&'static str, Level>,
    /// Whether every warning is an error of the build.
    pub deny_warnings: bool,
    /// Whether what is denied is an error of release builds alone.
    pub deny_in_release_only: bool,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// Nothing.
    Allow,
    /// It is shown by `plan` and `check`.
    Info,
    /// It is a warning of the build.
    Warn,
    /// It is an error of the build.
    Deny,
}

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionsError {
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

/// The keys of a configuration that are read here.
const LINT_KEYS: [&str; 6] = ["allow", "info", "warn", "deny", "deny_in_release_only", "baseline"];
const OLDEST: u8 = 13;
const NEWEST: u8 = 18;

impl Default for LintOptions {
    fn default() -> Self {
        LintOptions {
            postgres_version: 15,
            baseline: None,
            levels: BTreeMap::new(),
            deny_warnings: false,
            deny_in_release_only: false,
        }
    }
}

impl LintOptions {
    /// Reads the text of a `migration.toml`; what else stands in it is left alone.
    pub fn read(text: &str) -> Result<LintOptions, OptionsError> {
        let reader = Reader { text };
        let mut options = LintOptions::default();
        // Never the parser's own message: it repeats the line, which may hold a password.
        let table = DeTable::parse(text)
            .map_err(|error| reader.error(error.span().unwrap_or_default(), "this is not TOML"))?;
        if let Some(value) = table.get_ref().get("postgres_version") {
            options.postgres_version = reader.version(value)?;
        }
        let Some(lint) = table.get_ref().get("lint") else { return Ok(options) };
        let Some(keys) = lint.get_ref().as_table() else {
            return Err(reader.error(lint.span(), "[lint] must be a table"));
        };
        for (key, value) in keys {
            match key.get_ref().as_ref() {
                "allow" => reader.rules(&mut options, value, Level::Allow)?,
                "info" => reader.rules(&mut options, value, Level::Info)?,
                "warn" => reader.rules(&mut options, value, Level::Warn)?,
                "deny" => reader.rules(&mut options, value, Level::Deny)?,
                "deny_in_release_only" => {
                    options.deny_in_release_only = value.get_ref().as_bool().ok_or_else(|| {
                        reader
                            .error(value.span(), "lint.deny_in_release_only must be true or false")
                    })?;
                }
                "baseline" => {
                    let version = value.get_ref().as_str().and_then(|it| it.parse().ok());
                    let version = version.ok_or_else(|| {
                        let message = "lint.baseline must be a version, as in \"20240320000000\"";
                        reader.error(value.span(), message)
                    })?;
                    options.baseline = Some(version);
                }
                unknown => {
                    let error =
                        reader.error(key.span(), format!("unknown key `{unknown}` in [lint]"));
                    return Err(error.with_nearest(unknown, LINT_KEYS));
                }
            }
        }
        Ok(options)
    }

    /// What becomes of a finding of a rule: nothing, or its severity and whether it is denied.
    pub(crate) fn level(&self, rule: &Rule) -> Option<(Severity, bool)> {
        let (severity, is_denied) = match self.levels.get(rule.id) {
            Some(Level::Allow) => return None,
            Some(Level::Info) => (Severity::Info, false),
            Some(Level::Warn) => (rule.severity.max(Severity::Warning), false),
            Some(Level::Deny) => (Severity::Error, true),
            None => (rule.severity, false),
        };
        let all = self.deny_warnings
            && severity > Severity::Info
            && self.levels.get(rule.id) != Some(&Level::Warn);
        Some((severity, is_denied || all))
    }
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn version(&self, value: &Spanned<DeValue<'_>>) -> Result<u8, OptionsError> {
        let number = value.get_ref().as_integer().and_then(|it| it.as_str().parse::<u8>().ok());
        number.filter(|it| (OLDEST..=NEWEST).contains(it)).ok_or_else(|| {
            let message = format!(
                "postgres_version must be a major version from {OLDEST} to {NEWEST}, as in 15"
            );
            self.error(value.span(), message)
        })
    }

    fn rules(
        &self,
        options: &mut LintOptions,
        value: &Spanned<DeValue<'_>>,
        level: Level,
    ) -> Result<(), OptionsError> {
        let wrong = || self.error(value.span(), "expected a list of rules, as in [\"drop-table\"]");
        for item in value.get_ref().as_array().ok_or_else(wrong)? {
            let id = item.get_ref().as_str().ok_or_else(wrong)?;
            if id == "warnings" && level == Level::Deny {
                options.deny_warnings = true;
                continue;
            }
            let Some(rule) = rule(id) else {
                let error = self.error(item.span(), format!("there is no rule `{id}`"));
                return Err(error.with_nearest(id, RULES.iter().map(|it| it.id)));
            };
            if options.levels.insert(rule.id, level).is_some() {
                let message = format!("`{id}` stands in [lint] twice");
                return Err(self.error(item.span(), message));
            }
        }
        Ok(())
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> OptionsError {
        let place = place_of(self.text, span.start);
        OptionsError { place, message: message.into(), help: None }
    }
}

impl OptionsError {
    fn with_nearest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let help = nearest(word, known).map(|it| format!("did you mean `{it}`?"));
        OptionsError { help, ..self }
    }
}

/// `LINE:COLUMN: what`, and the help below.
impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place.line, self.place.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for OptionsError {}
