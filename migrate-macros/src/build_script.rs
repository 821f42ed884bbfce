//! Whether the build script of the calling crate has cargo watch the folder.
//!
//! Cargo keeps what a build script printed beside the folder that it gives the script, so what counts
//! is what the script said, not how it is written. Where that text cannot be found, the script gets
//! the benefit of the doubt: a warning that is wrong would teach people to ignore it.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// What a build script does about the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// It has the folder watched: cargo rebuilds the crate when a file is added or changed.
    Watched,
    /// Very likely, but it did not say so.
    Perhaps,
    /// There is no build script.
    NoBuildScript,
    /// There is one, which does not have the folder watched.
    NotMentioned,
}

/// Asks what the build script of the crate being compiled printed.
pub(crate) fn watch(manifest: &Path, folder: &Path) -> Watch {
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else {
        return Watch::NoBuildScript;
    };
    let kept = ["output", "stdout"].map(|it| out.with_file_name(it));
    match kept.iter().find_map(|it| fs::read_to_string(it).ok()) {
        Some(printed) => judge(&printed, manifest, folder),
        None => Watch::Perhaps,
    }
}

fn judge(printed: &str, manifest: &Path, folder: &Path) -> Watch {
    let said: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("cargo:")).collect();
    let said = || said.iter().map(|it| it.strip_prefix(':').unwrap_or(it));
    let covers = |path: &str| real(folder).starts_with(real(&manifest.join(path)));
    // A script that names nothing is run again whenever a file of the package changes.
    if !said().any(|it| it.starts_with("rerun-if-")) {
        return if covers("") { Watch::Perhaps } else { Watch::NotMentioned };
    }
    let watched = said().filter_map(|it| it.strip_prefix("rerun-if-changed=")).any(covers);
    if watched { Watch::Watched } else { Watch::NotMentioned }
}

fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_counts_by_what_it_printed() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        check(dir, "cargo::rerun-if-changed=src", Watch::Watched);
        check(dir, "cargo:rerun-if-changed=src", Watch::Watched);
        check(dir, "cargo::rerun-if-changed=./src/", Watch::Watched);
        check(
            dir,
            "hello\ncargo::warning=x\ncargo::rerun-if-changed=../migrate-macros",
            Watch::Watched,
        );
        check(dir, "cargo::rerun-if-changed=src/lib.rs", Watch::NotMentioned);
        check(dir, "cargo::rerun-if-changed=tests", Watch::NotMentioned);
        check(dir, "cargo::rerun-if-env-changed=CC", Watch::NotMentioned);
    }

    #[test]
    fn a_script_that_names_nothing_is_run_whenever_the_package_changes() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        check(dir, "", Watch::Perhaps);
        check(dir, "cargo::rustc-cfg=fast", Watch::Perhaps);
        check(&dir.join("tests"), "", Watch::NotMentioned);
    }

    #[track_caller]
    fn check(manifest: &Path, printed: &str, expected: Watch) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert_eq!(judge(printed, manifest, &folder), expected, "{printed}");
    }
}
