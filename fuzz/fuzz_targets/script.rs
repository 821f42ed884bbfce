//! Any bytes can be the scripts of a migration: they are read, checked and parsed, and nothing panics.
//! Every problem has a place that is in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use migrate_core::{SourceFile, resolve};

fuzz_target!(|bytes: &[u8]| {
    let file = |direction: &str| {
        let name = format!("20260101000001_text.{direction}.sql");
        let path = format!("migrations/{name}").into();
        SourceFile { name, path, bytes: bytes.to_vec() }
    };
    let Err(problems) = resolve(vec![file("down"), file("up")], "migrations") else { return };
    let lines = String::from_utf8_lossy(bytes).lines().count().max(1);
    for problem in problems {
        assert!(!problem.to_string().is_empty());
        assert!(problem.place.is_none_or(|it| it.line as usize <= lines + 1 && it.line > 0));
    }
});
