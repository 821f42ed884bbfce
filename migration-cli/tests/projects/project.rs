//! A project outside of the workspace: a copy of an example, and what cargo makes of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::{env, fs};

use migration_tests::TestDatabase;
use serde_json::Value;
use tempfile::TempDir;

/// What a project adds that is no member of a workspace any more. The profile is the one of this
/// workspace, so that what it has compiled is used again.
const OWN_WORKSPACE: &str = "
[workspace]

[profile.dev.build-override]
opt-level = 2
";

/// A copy of an example, in a folder of its own.
pub(crate) struct Project {
    name: &'static str,
    folder: TempDir,
}

/// A program and the empty folder that it runs in.
pub(crate) struct Program {
    folder: TempDir,
    file: PathBuf,
    database_url: String,
}

impl Project {
    /// Copies an example. Package and binary get another name: all projects share one target folder.
    pub(crate) fn copy_of(example: &str, name: &'static str) -> Project {
        fetch();
        let project = Project { name, folder: tempfile::tempdir().unwrap() };
        copy(&root().join("examples").join(example), project.path());
        let cargo_toml = fs::read_to_string(project.path().join("Cargo.toml")).unwrap();
        let adapted = cargo_toml.lines().map(|line| match line {
            line if line.starts_with("name = ") => format!("name = \"{name}\"\n"),
            line => line.replace("\"../../", &format!("\"{}/", root().display())) + "\n",
        });
        project.write("Cargo.toml", &(adapted.collect::<String>() + OWN_WORKSPACE));
        // The versions of the workspace, which are on this machine now.
        fs::copy(root().join("Cargo.lock"), project.path().join("Cargo.lock")).unwrap();
        project
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path().join(file), text).unwrap();
    }

    /// Builds it: whether it had to be compiled.
    #[track_caller]
    pub(crate) fn build(&self) -> bool {
        self.shell("cargo build")
    }

    /// Runs a command as a person types it in the project: whether the project was compiled.
    #[track_caller]
    pub(crate) fn shell(&self, command: &str) -> bool {
        let output = self.in_project(Command::new("/bin/sh").args(["-c", command]));
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}\n{log}");
        assert!(!log.contains("warning"), "{command}\n{log}");
        log.contains(&format!("Compiling {} ", self.name))
    }

    /// Puts the program into an empty folder, under another name.
    pub(crate) fn installed(&self, name: &str, database: &TestDatabase) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::copy(target().join("debug").join(self.name), &file).unwrap();
        Program { folder, file, database_url: database.url() }
    }

    /// The program where cargo left it, run in the project.
    #[track_caller]
    pub(crate) fn json(&self, args: &str, code: i32, database: &TestDatabase) -> Value {
        let mut command = Command::new(target().join("debug").join(self.name));
        command.args(args.split(' ')).env("DATABASE_URL", database.url());
        object(&self.in_project(&mut command), args, code)
    }

    fn in_project(&self, command: &mut Command) -> Output {
        as_a_stranger(command.current_dir(self.path())).output().unwrap()
    }
}

impl Drop for Project {
    /// The target folder would keep a binary of every run.
    fn drop(&mut self) {
        self.in_project(Command::new("cargo").args(["clean", "--quiet", "-p", self.name]));
    }
}

impl Program {
    /// The program with arguments separated by blanks, and nothing configured but the database.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(&self.file);
        command.args(args.split_whitespace()).current_dir(self.folder.path());
        command.env_clear().env("DATABASE_URL", &self.database_url);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[track_caller]
    pub(crate) fn json(&self, args: &str) -> Value {
        object(&self.command(&format!("{args} --json")).output().unwrap(), args, 0)
    }
}

/// Leaves a command only what finds programs and builds them. Whoever runs the tests may have a database of
/// their own in a variable, and it is not for us.
pub(crate) fn as_a_stranger(command: &mut Command) -> &mut Command {
    const KEPT: [&str; 8] = [
        "PATH",
        "HOME",
        "USER",
        "PG_BIN",
        "CARGO_HOME",
        "RUSTUP_HOME",
        "RUSTUP_TOOLCHAIN",
        "CARGO_INCREMENTAL",
    ];
    let given: Vec<_> = command
        .get_envs()
        .map(|(name, value)| (name.to_owned(), value.map(OsStr::to_owned)))
        .collect();
    command.env_clear();
    let profile = |name: &str| name.starts_with("CARGO_PROFILE_");
    command.envs(env::vars().filter(|(name, _)| KEPT.contains(&name.as_str()) || profile(name)));
    command.envs(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
    command.env("CARGO_TARGET_DIR", target()).env("CARGO_NET_OFFLINE", "true");
    command.env("CARGO_TERM_COLOR", "never")
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Gets what the examples need and the tests do not, unless it is there: `cargo test` does not.
pub(crate) fn fetch() {
    static FETCHED: Once = Once::new();
    FETCHED.call_once(|| {
        let args = ["fetch", "--quiet", "--locked", "--target", "host-tuple"];
        let status = Command::new("cargo").args(args).current_dir(root()).status().unwrap();
        assert!(status.success(), "cargo fetch");
    });
}

/// The target folder of the workspace.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

#[track_caller]
fn object(output: &Output, args: &str, code: i32) -> Value {
    let log = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{args}\n{stdout}\n{log}");
    serde_json::from_str(&stdout).unwrap()
}

/// What runs and builds leave in a folder (`.migration`, `target`) stays there.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with('.') || name == "target" {
            continue;
        }
        let to = to.join(name);
        if entry.path().is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
