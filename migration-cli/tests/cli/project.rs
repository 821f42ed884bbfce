//! A folder of its own for each test, and the binary run in it.

use std::path::Path;
use std::process::{Command, Stdio};

use migration_tests::TestDatabase;
use serde_json::Value;
use tempfile::TempDir;

use crate::schema::assert_documented;

/// A password that every run of every test has in its environment, and no run may show or leave anywhere.
pub(crate) const PLANTED: &str = "c4n4ry-1n-3v3ry-run";

/// A working directory, and the environment variables that the binary sees.
pub(crate) struct Project {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended, and what it printed.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Project {
    /// An empty folder, and nothing configured. Not in `TMPDIR`, which the account of an embedded
    /// server may not be able to reach.
    pub(crate) fn new() -> Project {
        let folder = tempfile::Builder::new().prefix("cli-").tempdir_in("/tmp").unwrap();
        Project { folder, variables: Vec::new() }
    }

    /// A folder where `DATABASE_URL` names the database.
    pub(crate) fn on(database: &TestDatabase) -> Project {
        Project::new().with("DATABASE_URL", &database.url())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Project {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The binary with arguments separated by blanks.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migration-cli"));
        command.args(args.split_whitespace()).current_dir(self.path()).env_clear();
        for name in ["PATH", "PG_BIN", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|it| (name, it)));
        }
        command.env("PGPASSWORD", PLANTED);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    #[track_caller]
    pub(crate) fn run(&self, args: &str) -> Outcome {
        Outcome::of(&mut self.command(args))
    }

    /// Runs the binary to an end with that exit code.
    #[track_caller]
    pub(crate) fn expect(&self, args: &str, code: i32) -> Outcome {
        let outcome = self.run(args);
        assert_eq!(outcome.code, code, "{args}\n{}\n{}", outcome.stdout, outcome.stderr);
        outcome
    }

    /// Runs the binary with `--json` to an end with that exit code, and reads the object.
    #[track_caller]
    pub(crate) fn json(&self, args: &str, code: i32) -> Value {
        let outcome = self.expect(&format!("{args} --json"), code);
        let value: Value = serde_json::from_str(&outcome.stdout).unwrap();
        assert_eq!(value["exit_code"], code, "{args}");
        assert_eq!(value["ok"], code == 0, "{args}");
        assert_documented(&value);
        value
    }

    /// The versions and states that `status` tells.
    #[track_caller]
    pub(crate) fn states(&self) -> Vec<(String, String)> {
        let status = self.json("status", 0);
        let text = |it: &Value| it.as_str().unwrap().to_owned();
        let migrations = status["migrations"].as_array().unwrap();
        migrations.iter().map(|it| (text(&it["version"]), text(&it["state"]))).collect()
    }
}

impl Drop for Project {
    /// What the runs have written has no password in it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            search(self.path());
        }
    }
}

/// The embedded server's own files are not looked into: they are its, and many.
fn search(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|it| it.is_dir()) && !path.ends_with("data") {
            search(&path);
        } else if let Ok(bytes) = std::fs::read(&path) {
            let found = bytes.windows(PLANTED.len()).any(|it| it == PLANTED.as_bytes());
            assert!(!found, "a password is in {}", path.display());
        }
    }
}

impl Outcome {
    #[track_caller]
    pub(crate) fn of(command: &mut Command) -> Outcome {
        let output = command.output().unwrap();
        let outcome = Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!outcome.all().contains(PLANTED), "a password is shown: {}", outcome.all());
        outcome
    }

    /// Both streams.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}
