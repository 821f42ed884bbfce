//! How serious a finding of the lint is.

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing; `plan` and `check -v` show it, the build does not.
    Info,
    /// Hurts where the table is large or in use.
    Warning,
    /// Stops an application that is running, or gives a secret away.
    Error,
}

impl Severity {
    /// One word, as machines and people read it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }

    /// The severity that a word means.
    pub fn from_word(word: &str) -> Option<Severity> {
        [Severity::Info, Severity::Warning, Severity::Error]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}
