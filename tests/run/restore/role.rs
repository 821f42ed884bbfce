//! Whoever restores as another role than the one that logs in, and with limits that are for applications.

use std::sync::{Mutex, PoisonError};

use migrate_runtime::{Event, Migrator, Settings, Way};
use migration_tests::harness::Trial;
use migration_tests::{trials, wait_until};
use postgres::NoTls;

use super::Stage;
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_the_role_may_counts_and_not_what_the_login_may,
        a_login_that_may_more_than_its_role_restores_in_place,
        who_says_nothing_while_others_are_at_work_stays_connected
    ]
}

/// Restores as the role, over another login, and says how.
fn restore_as(stage: &Stage, role: &str, login: &migration_tests::Role) -> (Way, Option<String>) {
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut settings = Settings::default();
    settings.role = Some(role.to_owned());
    let mut migrator = Migrator::new(&three(), login.config.clone()).with_settings(settings);
    let plan = migrator.plan_restore(&stage.backups, &stage.wanted()).unwrap();
    let restored = migrator.run_restore(&stage.backups, &stage.wanted());
    let restored = restored.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(restored.way, plan.way);
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
    let owner = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(stage.database.text(owner), role);
    (restored.way, plan.why_in_place)
}

fn what_the_role_may_counts_and_not_what_the_login_may() {
    let (stage, role) = Stage::owned("CREATEDB");
    let login = stage.database.role("login", "NOINHERIT");
    stage.database.execute(&format!("GRANT {} TO {}", role.name, login.name));
    assert_eq!(restore_as(&stage, &role.name, &login), (Way::Beside, None));
    let owner = format!(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{}'",
        stage.database.name()
    );
    assert_eq!(stage.database.text(&owner), role.name);
}

fn a_login_that_may_more_than_its_role_restores_in_place() {
    let (stage, role) = Stage::owned("");
    let login = stage.database.role("login", "CREATEDB");
    stage.database.execute(&format!("GRANT {} TO {}", role.name, login.name));
    let why = format!("the role {} may not create databases", role.name);
    assert_eq!(restore_as(&stage, &role.name, &login), (Way::InPlace, Some(why)));
}

fn who_says_nothing_while_others_are_at_work_stays_connected() {
    let (stage, role) = Stage::owned("CREATEDB");
    let server = stage.database.server().config("postgres").connect(NoTls).unwrap();
    let server: &'static Mutex<postgres::Client> = Box::leak(Box::new(Mutex::new(server)));
    // Every session of the run has said nothing for longer than its role allows.
    let idle = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = '{}' AND application_name LIKE 'migrate-runtime/%'
            AND clock_timestamp() - state_change < interval '1 s'", role.name);
    let wait = move || {
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        wait_until("all have been silent for a while", || {
            server.query_one(&idle, &[]).unwrap().get::<_, i64>(0) == 0
        });
    };
    stage.database.execute(&format!("ALTER ROLE {} SET idle_session_timeout = '700ms'", role.name));
    let mut migrator = Migrator::new(&three(), role.config).on_event(move |event| match event {
        Event::Restoring { step } if !step.starts_with("Dropping") => wait(),
        // Once for each backup.
        Event::BackupProgress { done, total, .. } if done == total => wait(),
        _ => {}
    });
    for in_place in [true, false] {
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        let restored = migrator.run_restore(&stage.backups, &wanted);
        restored.unwrap_or_else(|error| panic!("{error:?}"));
    }
    migrator.backup(&stage.backups).unwrap();
    let logged = "SELECT count(*) FROM _migrations_log WHERE command = 'backup'";
    // The restored one has that of before the second restore no more.
    assert_eq!(stage.database.text(logged), "1");
    let name = stage.database.name().to_owned();
    stage.text_in("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    let restored = migrator.run_restore(&stage.backups, &stage.wanted());
    assert_eq!(restored.unwrap().way, Way::Anew);
}
