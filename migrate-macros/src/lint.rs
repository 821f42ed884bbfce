//! What the lint says of a set, as warnings and errors of the build; its options are in `migration.toml`.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_core::SourceSet;
#[cfg(feature = "parser")]
use migrate_core::snippet::{Colors, Snippet, render};
#[cfg(feature = "parser")]
use migrate_core::{LintFinding, LintOptions, Severity, analyze};

/// The file with the options.
const FILE_NAME: &str = "migration.toml";

/// What was found out about a set.
#[derive(Default)]
pub(crate) struct Linted {
    /// The text that goes into the binary; nothing without the parser.
    pub(crate) analysis: Option<String>,
    /// What the build is to warn of: the rule, and what it says.
    pub(crate) warnings: Vec<(&'static str, String)>,
    /// What the build is not to get past.
    pub(crate) errors: Vec<String>,
    /// What a release build is not to get past.
    pub(crate) release_errors: Vec<String>,
    /// The file with the options, which cargo has to watch.
    pub(crate) options_file: Option<PathBuf>,
}

/// Looks at a set.
#[cfg(feature = "parser")]
pub(crate) fn lint(set: &SourceSet, folder: &Path, name: &str) -> Result<Linted, Vec<String>> {
    let (options_file, options) = options(folder).map_err(|it| vec![it])?;
    let analysis = analyze(set, name, &options);
    let mut linted =
        Linted { analysis: Some(analysis.to_text()), options_file, ..Linted::default() };
    for finding in analysis.findings.iter().filter(|it| it.severity > Severity::Info) {
        let message = describe(finding);
        if finding.is_denied && !options.deny_in_release_only {
            linted.errors.push(message);
            continue;
        }
        if finding.is_denied {
            linted.release_errors.push(message.clone());
        }
        linted.warnings.push((finding.rule.id, message));
    }
    Ok(linted)
}

/// Without the parser there is nothing to look at.
#[cfg(not(feature = "parser"))]
#[expect(clippy::unnecessary_wraps, reason = "with the parser, options may be wrong")]
pub(crate) fn lint(_: &SourceSet, folder: &Path, _: &str) -> Result<Linted, Vec<String>> {
    Ok(Linted { options_file: find(folder), ..Linted::default() })
}

/// The options of the nearest `migration.toml`, from beside the folder upwards, as the command line finds it.
#[cfg(feature = "parser")]
fn options(folder: &Path) -> Result<(Option<PathBuf>, LintOptions), String> {
    let Some(path) = find(folder) else { return Ok((None, LintOptions::default())) };
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let options = LintOptions::read(&text).map_err(|it| format!("{}:{it}", path.display()))?;
    Ok((Some(path), options))
}

fn find(folder: &Path) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    folder.ancestors().skip(1).map(|it| it.join(FILE_NAME)).find(|it| it.is_file())
}

/// As a problem is described, and how the finding can be accepted.
#[cfg(feature = "parser")]
fn describe(finding: &LintFinding) -> String {
    let accept = format!("`-- migrate:allow {} because REASON` accepts it", finding.rule.id);
    let mut snippet = Snippet::of(&finding.problem);
    let mut help = snippet.help.to_vec();
    help.push(accept);
    snippet.help = &help;
    format!("{}\n{}", finding.problem, render(&snippet, Colors::Plain))
}
