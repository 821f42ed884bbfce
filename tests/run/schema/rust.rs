//! The schema as plain Rust compiles without a warning, whatever the names are, and says what is there.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use migrate_runtime::schema::Schema;
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use super::same::DCMS;
use super::schema;
use crate::up;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_schema_of_the_example_compiles_and_says_what_is_there,
        the_example_of_the_page_compiles,
        whatever_names_there_are_compile,
        the_same_schema_is_the_same_text_and_partitions_are_left_out,
    ]
}

/// What the generated file is told to do without in a crate that denies everything it may.
const STRICT: &str = "#![deny(warnings, missing_docs, unreachable_pub, non_ascii_idents)]\n#![warn(rustdoc::all, \
    missing_debug_implementations, missing_copy_implementations, unused_qualifications)]\n//! Tests.\n";

fn the_schema_of_the_example_compiles_and_says_what_is_there() {
    let database = TestDatabase::new();
    up(&DCMS, &database);
    let written = Written::new(&schema(&database));
    written.compiles();
    let expected = "SELECT id, reference FROM public.contracts\n\
        Column { name: \"id\", sql: \"id\", sql_type: \"bigint\", nullable: false, default: None, generated: None, identity: Some(\"ALWAYS\") } [\"id\"]\n\
        contracts_owner_id_fk [\"owner_id\"] [\"id\"]\n\
        [[\"contract_id\", \"id\"], [\"contract_id\", \"number\"]]\n";
    assert_eq!(written.runs(include_str!("rust/example.rs")), expected);
}

/// What the documentation shows.
fn the_example_of_the_page_compiles() {
    let page = include_str!("../../../docs/schema.md");
    let (_, example) = page.split_once("```rust\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let example = example.replace("../migrations/schema.rs", "schema.rs");
    let database = TestDatabase::new();
    up(&DCMS, &database);
    let printed = Written::new(&schema(&database))
        .runs(&format!("{example}fn main() {{ println!(\"{{}}\", query()) }}"));
    assert_eq!(printed, "SELECT title FROM public.contracts WHERE id = $1\n");
}

/// The bad input of people and of other tools.
const BAD: &str = include_str!("rust/bad.sql");

fn whatever_names_there_are_compile() {
    let database = TestDatabase::new();
    database.execute(BAD);
    let all = schema(&database);
    let written = Written::new(&all);
    written.compiles();
    assert!(!written.text.contains("buffercache"), "of an extension");
    assert_eq!(written.runs(include_str!("rust/bad.rs")), include_str!("rust/bad.txt"));
    Written::new(&Schema::default()).compiles();
}

fn the_same_schema_is_the_same_text_and_partitions_are_left_out() {
    let databases = [TestDatabase::new(), TestDatabase::new()];
    let [one, other] = databases.each_ref().map(|it| {
        it.execute(BAD);
        schema(it).to_rust()
    });
    assert_eq!(one, other);
    let database = TestDatabase::new();
    database.execute("CREATE TABLE p (id int, at date) PARTITION BY RANGE (at)");
    let before = schema(&database).to_rust();
    database
        .execute("CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')");
    assert_eq!(schema(&database).to_rust(), before);
    assert!(before.contains("pub mod p {"), "{before}");
}

/// The generated text in a folder of its own.
struct Written {
    folder: tempfile::TempDir,
    text: String,
}

impl Written {
    fn new(schema: &Schema) -> Written {
        let folder = tempfile::tempdir().unwrap();
        let text = schema.to_rust();
        fs::write(folder.path().join("schema.rs"), &text).unwrap();
        Written { folder, text }
    }

    /// As a module and included, in a library and in a program that uses none of it, in each edition; and a
    /// formatter has nothing to change.
    #[track_caller]
    fn compiles(&self) {
        let ways = [("module", "mod schema;\n"), ("included", "include!(\"schema.rs\");\n")];
        let public = [
            ("public", "pub mod schema;\n"),
            ("inside", "pub mod inside { //! In.\ninclude!(\"schema.rs\"); }\n"),
        ];
        for (name, code) in ways.into_iter().chain(public) {
            let code = code.replace("pub mod", "/// It.\npub mod");
            self.write(name, &format!("{STRICT}{code}"));
            let editions = if name == "module" { &["2018", "2021", "2024"][..] } else { &["2024"] };
            for edition in editions {
                self.rustc(&["--emit=metadata", "--crate-type", "lib"], name, edition);
            }
            self.write(name, &format!("{STRICT}{code}fn main() {{}}\n"));
            self.rustc(&["--emit=metadata"], name, "2024");
        }
        if is_there("rustfmt") {
            for style in ["max_width=100", "max_width=60,hard_tabs=true"] {
                let args = ["--check", "--edition=2024", "--config", style, "schema.rs"];
                succeeds(self.command("rustfmt").args(args));
            }
        }
        if is_there("rustdoc") {
            // What a comment of the database shows is no example that somebody has to compile.
            let mut examples = self.command("rustdoc");
            examples.args(["--test", "--edition=2024", "--crate-type=lib", "public.rs"]);
            let output = succeeds(&mut examples);
            assert!(String::from_utf8_lossy(&output.stdout).contains("running 0 tests"));
        }
    }

    /// What a program with the text prints.
    #[track_caller]
    fn runs(&self, main: &str) -> String {
        self.write("main", main);
        self.rustc(&["-o", "program"], "main", "2024");
        let program = self.folder.path().join("program");
        String::from_utf8(succeeds(&mut Command::new(program)).stdout).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name).with_extension("rs"), text).unwrap();
    }

    #[track_caller]
    fn rustc(&self, args: &[&str], name: &str, edition: &str) {
        let mut rustc = self.command("rustc");
        rustc.args(["-D", "warnings", "--edition", edition]).args(args).arg(format!("{name}.rs"));
        succeeds(&mut rustc);
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.folder.path());
        command
    }
}

/// Toolchains come with and without them.
fn is_there(program: &str) -> bool {
    let version = Command::new(program).arg("--version").output();
    version.is_ok_and(|it| it.status.success())
}

#[track_caller]
fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{command:?}\n{}{log}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!(log, "", "{command:?}");
    output
}
