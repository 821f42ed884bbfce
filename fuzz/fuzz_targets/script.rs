//! Any bytes can be the scripts of a migration: they are read, checked, parsed and linted, and nothing panics.
//! Every problem has a place that is in the text, and what is baked is a line a fact, whatever names hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_core::{LintOptions, SourceFile, analyze, resolve};

fuzz_target!(|bytes: &[u8]| {
    // Two migrations of the same text, so that the second one finds what the first one made.
    let file = |version: u8, direction: &str| {
        let name = format!("2026010100000{version}_text.{direction}.sql");
        let path = format!("migrations/{name}").into();
        SourceFile { name, path, bytes: bytes.to_vec() }
    };
    let files = vec![file(1, "down"), file(1, "up"), file(2, "down"), file(2, "up")];
    let problems = match resolve(files, "migrations") {
        Err(problems) => problems,
        Ok(set) => {
            let analysis = analyze(&set, "migrations", &LintOptions::default());
            assert!(analysis.to_text().lines().all(|it| it.starts_with(['=', 'e', 'u', 'f'])));
            analysis.findings.into_iter().map(|it| it.problem).collect()
        }
    };
    let lines = String::from_utf8_lossy(bytes).lines().count().max(1);
    for problem in problems {
        assert!(!problem.to_string().is_empty());
        assert!(problem.place.is_none_or(|it| it.line as usize <= lines + 1 && it.line > 0));
    }
});
