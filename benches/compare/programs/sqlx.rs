//! sqlx as a library.

use sqlx::migrate::{Migrate, Migrator};
use sqlx::{Connection, PgConnection};
static MIGRATOR: Migrator = sqlx::migrate!("./migrations");
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let rt = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match a[1].as_str() {
        "count" => println!("{} {}", MIGRATOR.iter().count(), MIGRATOR.iter().map(|m| m.sql.as_str().len() + m.description.len()).sum::<usize>()),
        "up" | "noop" => rt().block_on(async {
            let mut c = PgConnection::connect(&a[2]).await.unwrap();
            MIGRATOR.run(&mut c).await.unwrap();
            c.close().await.unwrap();
        }),
        "status" => rt().block_on(async {
            let mut c = PgConnection::connect(&a[2]).await.unwrap();
            let done = c.list_applied_migrations(&MIGRATOR.table_name).await.unwrap();
            let seen: std::collections::HashSet<i64> = done.iter().map(|d| d.version).collect();
            for m in MIGRATOR.iter().filter(|m| m.migration_type.is_up_migration()) {
                println!("{} {} {}", m.version, m.description, seen.contains(&m.version));
            }
            c.close().await.unwrap();
        }),
        "down" => rt().block_on(async {
            let mut c = PgConnection::connect(&a[2]).await.unwrap();
            let target = if a[3] == "all" { 0 } else {
                let up: Vec<i64> = MIGRATOR.iter().filter(|m| m.migration_type.is_up_migration()).map(|m| m.version).collect();
                let k: usize = a[3].parse().unwrap();
                if k >= up.len() { 0 } else { up[up.len() - k - 1] }
            };
            MIGRATOR.undo(&mut c, target).await.unwrap();
            c.close().await.unwrap();
        }),
        _ => panic!("usage"),
    }
}
