//! A program that has the migrations inside, as an application has them: no command line, no TLS.
//!
//! `count` | `up URL [one]` (one: in a single transaction) | `noop URL` | `status URL` | `verify URL` |
//! `down URL K|all`. With MIGRATE_RECORD_SCHEMA=off runs do not record the schema that they leave.

use std::error::Error;
use std::fmt::Write;
use std::num::NonZeroUsize;

use migrate_runtime::{Down, Limit, MigrationSet, Migrator, Settings, Status, Up};

static MIGRATIONS: MigrationSet = migrate_runtime::embed_migrations!("migrations");

fn show(status: &Status) -> String {
    let mut out = String::new();
    for it in &status.entries {
        let _ = writeln!(out, "{} {} {}", it.version, it.name, it.state);
    }
    out
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    if word(1) == "count" {
        let bytes: usize = MIGRATIONS.iter().map(|it| it.name.len()).sum();
        println!("{} {bytes}", MIGRATIONS.len());
        return Ok(());
    }
    let mut settings = Settings::default();
    settings.record_schema = std::env::var_os("MIGRATE_RECORD_SCHEMA").is_none_or(|it| it != "off");
    let mut migrator = Migrator::from_url(&MIGRATIONS, word(2))?.with_settings(settings);
    match word(1) {
        "up" | "noop" => {
            let mut up = Up::default();
            up.single_transaction = word(3) == "one";
            println!("{} ran", migrator.run_up(&up)?.done.len());
        }
        "down" => {
            let mut down = Down::default();
            down.limit = match word(3).parse() {
                Ok(count) => Limit::Steps(NonZeroUsize::new(count).ok_or("one at least")?),
                Err(_) => Limit::All,
            };
            println!("{} reverted", migrator.run_down(&down)?.done.len());
        }
        "status" => print!("{}", show(&migrator.status()?)),
        "verify" => {
            let it = migrator.verify()?;
            print!("{}", show(&it.status));
            assert!(it.findings.is_empty(), "{:?}", it.findings);
        }
        other => return Err(format!("{other}: not known").into()),
    }
    Ok(())
}
