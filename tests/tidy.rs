//! House rules as tests: what reviewers would otherwise have to say again and again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// The layers of `migrate-runtime`, lowest first. A module uses its own layer and those below.
const LAYERS: [&[&str]; 6] = [
    &[
        "audit",
        "config",
        "deadline",
        "error",
        "fault",
        "history",
        "installed",
        "interrupt",
        "lock",
        "progress",
        "quote",
        "reply_row",
        "run",
        "sqlstate",
    ],
    &[
        "connect",
        "connect_options",
        "drift",
        "info",
        "mend",
        "plan",
        "schema",
        "status",
        "tls",
        "transport",
        "verify",
        "waits",
        "batches",
        "watch",
    ],
    &[
        "connection",
        "extras",
        "lent",
        "pooler",
        "reading",
        "refuse",
        "reopen",
        "schema_drift",
        "session",
        "snapshot",
    ],
    &["backup", "execute", "force", "recording", "safeguard"],
    &[
        "call",
        "deep",
        "doctor",
        "forecast",
        "logs",
        "migrator",
        "read_schema",
        "recovery",
        "repair",
        "restore",
        "server_facts",
        "take_backup",
    ],
    &["check", "dev_database", "lib", "private", "testing"],
];

#[test]
fn files_and_functions_are_short() {
    let mut long = Vec::new();
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        if lines > FILE_LINES {
            long.push(format!("{}: {lines} lines, at most {FILE_LINES}", path.display()));
        }
        for (line, length) in functions(&text) {
            if length > FUNCTION_LINES {
                let place = format!("{}:{line}", path.display());
                long.push(format!(
                    "{place}: a function of {length} lines, at most {FUNCTION_LINES}"
                ));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn layers_of_the_runtime_use_only_what_is_below() {
    let source = root().join("migrate-runtime/src");
    let mut wrong = Vec::new();
    for (path, text) in rust_files() {
        let Ok(inside) = path.strip_prefix(&source) else { continue };
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        let own = layer(module).unwrap_or_else(|| panic!("{module} has no layer in tests/tidy.rs"));
        for used in used_modules(&text) {
            if layer(&used).is_some_and(|it| it > own) {
                wrong.push(format!("{}: uses crate::{used}, which is above", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_behind() {
    let words = [
        "TO".to_owned() + "DO",
        "FIX".to_owned() + "ME",
        "todo".to_owned() + "!(",
        "#[al".to_owned() + "low(",
    ];
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        if path
            .components()
            .any(|it| ["utils", "utils.rs"].iter().any(|name| it.as_os_str() == *name))
        {
            found.push(format!("{}: a module named utils", path.display()));
        }
        for (index, line) in text.lines().enumerate() {
            if words.iter().any(|it| line.contains(it.as_str())) {
                found.push(format!("{}:{}: {}", path.display(), index + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn migration_targets_have_our_harness_and_list_their_tests() {
    let files = rust_files();
    let mut wrong = Vec::new();
    for (path, text) in &files {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = path.parent().unwrap();
        if !stem.ends_with("_migration") || !folder.ends_with("tests") {
            continue;
        }
        let manifest = fs::read_to_string(folder.with_file_name("Cargo.toml")).unwrap();
        if !manifest.contains(&format!("name = \"{stem}\"\nharness = false\n")) {
            wrong.push(format!("{}: `harness = false` is missing in Cargo.toml", path.display()));
        }
        // The target itself, and the folders of its modules.
        let modules: Vec<_> = text
            .lines()
            .filter_map(|it| it.strip_prefix("mod ")?.split([' ', ';']).next())
            .collect();
        let inside = |it: &Path| modules.iter().any(|name| it.starts_with(folder.join(name)));
        for (part, text) in files.iter().filter(|(it, _)| it == path || inside(it)) {
            if text.contains("#[test]") {
                wrong.push(format!("{}: #[test] does nothing here, see trials!", part.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where the environment is read: each place declares its variables, and their documentation lists them.
const READS_ENVIRONMENT: [&str; 6] = [
    "migrate-macros/src/build_script.rs",
    "migrate-macros/src/embed.rs",
    "migrate-runtime/src/testing/database.rs",
    "migrate-runtime/src/testing/reversible.rs",
    "migrate-runtime/src/testing/server.rs",
    "migration-cli/src/env_vars.rs",
];

#[test]
fn the_environment_is_read_where_its_variables_are_declared() {
    let reading = rust_files().into_iter().filter(|(path, text)| {
        let is_source = path.components().any(|it| it.as_os_str() == "src");
        let is_ours = !path.starts_with(root().join("examples"));
        is_source && is_ours && text.contains("env::var")
    });
    let mut reading: Vec<_> = reading
        .map(|it| it.0.strip_prefix(root()).unwrap().to_string_lossy().into_owned())
        .collect();
    // Documentation shows how an application reads its own.
    reading.retain(|it| it != "migrate-runtime/src/lib.rs");
    reading.sort();
    assert_eq!(reading, READS_ENVIRONMENT);
}

/// Where the monotonic clock is read, which knows durations and no time of day.
const READS_CLOCK: [&str; 2] =
    ["migrate-runtime/src/deadline.rs", "migrate-runtime/src/dev_database/server.rs"];

#[test]
fn the_runtime_has_no_time_but_the_servers() {
    let source = root().join("migrate-runtime/src");
    let ours: Vec<_> = rust_files().into_iter().filter(|it| it.0.starts_with(&source)).collect();
    let mut reading: Vec<_> = ours
        .iter()
        .filter(|it| it.1.contains("Instant::now"))
        .map(|it| it.0.strip_prefix(root()).unwrap().to_string_lossy().into_owned())
        .collect();
    reading.sort();
    assert_eq!(reading, READS_CLOCK);
    // The other one is wrong by days where a machine's clock is.
    for (path, text) in ours {
        let monotonic = READS_CLOCK.iter().any(|it| path.ends_with(it));
        assert!(!text.contains("SystemTime::now"), "{}", path.display());
        assert!(monotonic || !text.contains(".elapsed()"), "{}", path.display());
    }
}

#[test]
fn fault_points_are_for_the_tests_of_this_repository_alone() {
    let mentions = |name: &str| {
        let text = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let lines = text.lines().filter(|it| it.contains("fault-points") && !it.starts_with('#'));
        (lines.map(str::to_owned).collect::<Vec<_>>(), text)
    };
    let (ours, manifest) = mentions("");
    assert_eq!(ours, ["migrate-runtime = { workspace = true, features = [\"fault-points\"] }"]);
    assert!(manifest.find(&ours[0]) > manifest.find("[dev-dependencies]"));
    assert_eq!(mentions("migrate-runtime").0, ["fault-points = []"]);
    for other in ["migrate-core", "migrate-macros", "migration-cli"] {
        assert!(mentions(other).0.is_empty(), "{other}");
    }
}

#[test]
fn every_part_of_the_parser_is_pinned() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let (lock, manifest) = (read("Cargo.lock"), read("Cargo.toml"));
    let parts = lock.lines().filter_map(|it| it.strip_prefix("name = \"squawk-"));
    let parts: Vec<_> = parts.map(|it| it.trim_end_matches('"')).collect();
    assert!(parts.len() > 1, "the search lost its way");
    for part in parts {
        assert!(manifest.contains(&format!("\nsquawk-{part} = \"=")), "squawk-{part}");
    }
}

#[test]
fn modules_open_with_their_job() {
    let without = rust_files().into_iter().filter(|(path, text)| {
        let is_source = path.components().any(|it| it.as_os_str() == "src");
        let is_tests = path.file_stem().is_some_and(|it| it.to_string_lossy().ends_with("tests"));
        is_source && !is_tests && !text.starts_with("//!")
    });
    let without: Vec<_> = without.map(|it| it.0.display().to_string()).collect();
    assert!(without.is_empty(), "{}", without.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the repository that somebody has written, with its text.
fn rust_files() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                if !text.starts_with("// @generated") {
                    files.push((path, text));
                }
            }
        }
    }
    assert!(files.len() > 20, "the search lost its way");
    files
}

/// Line and length of every function. Formatted code closes one at the depth at which it opens.
fn functions(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let code = line.trim_start();
        let depth = line.len() - code.len();
        // `pub`, `pub(crate)`, `pub(super)`: whatever stands before the first space.
        let signature = match code.split_once(' ') {
            Some((visibility, rest)) if visibility.starts_with("pub") => rest,
            _ => code,
        };
        let signature = signature.strip_prefix("const ").unwrap_or(signature);
        let signature = signature.strip_prefix("async ").unwrap_or(signature);
        if !signature.starts_with("fn ") {
            continue;
        }
        // One that opens and closes on its line has no closing line to look for.
        if line.ends_with("{}") {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(depth));
        if let Some(length) = lines[start..].iter().position(|it| *it == closing) {
            found.push((start + 1, length + 1));
        }
    }
    found
}

fn used_modules(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, prefix) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back().unwrap_or(' ');
        let name: String = text[at + prefix.len()..]
            .chars()
            .take_while(|it| it.is_ascii_alphanumeric() || *it == '_')
            .collect();
        if !before.is_ascii_alphanumeric() && before != '_' {
            used.push(name);
        }
    }
    used
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|it| it.contains(&module))
}
