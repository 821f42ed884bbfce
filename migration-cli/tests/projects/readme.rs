//! The README's way from `cargo new` to a binary for production, step by step as it stands there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use migration_tests::TestDatabase;
use tempfile::TempDir;

use crate::project::{as_a_stranger, fetch, root};

const SECTION: &str = "\n## Your own program\n";

/// A fenced block: its language, and its text.
struct Block {
    language: String,
    text: String,
}

#[test]
fn a_stranger_gets_from_nothing_to_a_binary_for_production() {
    fetch();
    let production = TestDatabase::new();
    let stranger = Stranger::new(&production);
    let [start, program, develop, deploy] = steps().try_into().ok().unwrap();

    let started = stranger.run(Path::new("."), &start);
    assert!(started.contains("Now src/main.rs needs these two lines"), "{started}");
    stranger.write(&program);
    let _stopped = Stopped(&stranger);
    let developed = stranger.run(Path::new("contracts"), &develop);
    for line in [
        "_create_invoices_table.down.sql",
        "Ran 1 migration in ",
        "1 applied.",
        "test result: ok. 2 passed",
        "Stopped.",
    ] {
        assert!(developed.contains(line), "{line}\n{developed}");
    }
    assert!(!developed.contains("warning"), "{developed}");

    let deployed = stranger.run(Path::new("contracts"), &deploy);
    assert!(deployed.contains("Ran 1 migration in "), "{deployed}");
    assert!(deployed.contains("1 applied."), "{deployed}");
    assert_eq!(production.text("SELECT name FROM _migrations"), "create_invoices_table");
    let there = fs::read_dir(stranger.folder.path().join("production")).unwrap();
    assert_eq!(there.count(), 1, "the binary alone");
}

/// What somebody has to do: commands, and files that say in their first line what they are called.
fn steps() -> Vec<Block> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once(SECTION).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut blocks = Vec::new();
    for fenced in section.split("```").skip(1).step_by(2) {
        let (language, text) = fenced.split_once('\n').unwrap();
        blocks.push(Block { language: language.to_owned(), text: text.to_owned() });
    }
    blocks.retain(|it| it.language == "sh" || it.language == "rust");
    blocks
}

/// Somebody with cargo, a clone, and an empty folder.
struct Stranger {
    folder: TempDir,
    production: String,
}

impl Stranger {
    fn new(production: &TestDatabase) -> Stranger {
        // Not in `TMPDIR`, which the account of an embedded server may not be able to reach.
        let folder = tempfile::Builder::new().prefix("readme-").tempdir_in("/tmp").unwrap();
        Stranger { folder, production: production.url() }
    }

    /// Writes a file of the project.
    fn write(&self, block: &Block) {
        let name = block.text.lines().next().unwrap().strip_prefix("// ").unwrap();
        fs::write(self.folder.path().join("contracts").join(name), &block.text).unwrap();
    }

    /// Runs commands; what they print, on both streams.
    #[track_caller]
    fn run(&self, folder: &Path, block: &Block) -> String {
        assert_eq!(block.language, "sh");
        // A release build would take minutes: the same program, not optimised.
        let commands = block.text.replace(" --release", "").replace("target/release", TARGET);
        let output = self.shell(&self.folder.path().join(folder), &commands);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        assert!(output.status.success(), "{commands}\n{text}");
        text
    }

    fn shell(&self, folder: &Path, commands: &str) -> Output {
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", commands]).current_dir(folder);
        command.env("MIGRATIONS", root()).env("PRODUCTION_URL", &self.production);
        as_a_stranger(&mut command).output().unwrap()
    }
}

/// Where a build that is not optimised leaves the program, in place of `target/release`.
const TARGET: &str = "\"$CARGO_TARGET_DIR\"/debug";

/// The database of the project must not outlive a test that fails.
struct Stopped<'a>(&'a Stranger);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        let project: PathBuf = self.0.folder.path().join("contracts");
        self.0.shell(&project, "cargo run -- db stop; cargo clean --quiet -p contracts");
    }
}
