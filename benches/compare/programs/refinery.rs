//! refinery as a library.

use postgres::{Client, NoTls};
refinery::embed_migrations!("migrations");
fn main() {
    let a: Vec<String> = std::env::args().collect();
    match a[1].as_str() {
        "count" => {
            let r = migrations::runner();
            println!("{} {}", r.get_migrations().len(), r.get_migrations().iter().map(|m| m.sql().map_or(0, str::len) + m.name().len()).sum::<usize>());
        }
        "up" | "noop" => {
            let mut c = Client::connect(&a[2], NoTls).unwrap();
            let grouped = a.get(3).is_some_and(|it| it == "one");
            let report = migrations::runner().set_grouped(grouped).run(&mut c).unwrap();
            println!("{} applied now", report.applied_migrations().len());
        }
        "status" => {
            let mut c = Client::connect(&a[2], NoTls).unwrap();
            let r = migrations::runner();
            let done = r.get_applied_migrations(&mut c).unwrap();
            for m in r.get_migrations() { println!("{m} {}", done.iter().any(|d| d.version() == m.version())); }
        }
        _ => panic!("usage"),
    }
}
