//! diesel_migrations as a library.

use diesel::migration::{Migration, MigrationSource};
use diesel::{pg::{Pg, PgConnection}, Connection};
use diesel_migrations::{embed_migrations, EmbeddedMigrations, MigrationHarness};
const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let list = || -> Vec<Box<dyn Migration<Pg>>> { MIGRATIONS.migrations().unwrap() };
    match a[1].as_str() {
        "count" => { let l = list(); println!("{} {}", l.len(), l.iter().map(|m| m.name().to_string().len()).sum::<usize>()) }
        "up" | "noop" => {
            let mut c = PgConnection::establish(&a[2]).unwrap();
            println!("{} applied now", c.run_pending_migrations(MIGRATIONS).unwrap().len());
        }
        "status" => {
            let mut c = PgConnection::establish(&a[2]).unwrap();
            let done = c.applied_migrations().unwrap();
            let seen: std::collections::HashSet<String> = done.iter().map(|d| d.to_string()).collect();
            for m in list() { println!("{} {}", m.name(), seen.contains(&m.name().version().to_string())); }
        }
        "down" => {
            let mut c = PgConnection::establish(&a[2]).unwrap();
            if a[3] == "all" { c.revert_all_migrations(MIGRATIONS).unwrap(); }
            else { for _ in 0..a[3].parse::<usize>().unwrap() { c.revert_last_migration(MIGRATIONS).unwrap(); } }
        }
        _ => panic!("usage"),
    }
}
