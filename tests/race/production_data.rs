//! Several runners over a data set like production's.

use std::process::Child;

use migrate_runtime::{MigrationSet, embed_migrations};
use migration_tests::harness::Trial;
use migration_tests::production_data::ProductionData;
use migration_tests::{TestDatabase, child, trials};

use crate::run_up;

static MIGRATIONS: MigrationSet = embed_migrations!("migrations");

pub(crate) fn tests() -> Vec<Trial> {
    trials![three_runners_at_once_leave_what_one_leaves]
}

fn three_runners_at_once_leave_what_one_leaves() {
    if let Some(url) = child::argument() {
        return run_up(&url, &MIGRATIONS);
    }
    let (data, one, three) = (ProductionData::read(), TestDatabase::new(), TestDatabase::new());
    for database in [&one, &three] {
        data.prepare(&MIGRATIONS, &database.config());
    }
    run_up(&one.url(), &MIGRATIONS);
    let name = "race::production_data::three_runners_at_once_leave_what_one_leaves";
    let children: Vec<Child> = (0..3).map(|_| child::spawn(name, &three.url())).collect();
    children.into_iter().for_each(child::assert_success);

    let fingerprints = |it: &TestDatabase| data.fingerprints(&mut it.client(), &[]);
    assert_eq!(fingerprints(&three), fingerprints(&one));
    let history = three.text("SELECT count(*), count(DISTINCT version) FROM _migrations");
    assert_eq!(history, format!("{0}|{0}", MIGRATIONS.len()));
}
