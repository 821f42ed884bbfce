use super::super::check::Level;
use super::*;

fn server(change: impl FnOnce(&mut Server)) -> Server {
    let mut server = Server { major: 15, version: "15.4".to_owned(), ..Server::default() };
    server.reached = "socket".to_owned();
    change(&mut server);
    server
}

#[track_caller]
fn check(found: &Check, level: Level, message: &str) {
    assert_eq!(found.level, level, "{found:?}");
    assert!(found.message.contains(message), "{found:?}");
    assert_eq!(found.hint.is_some(), level != Level::Ok, "{found:?}");
}

#[test]
fn old_servers_are_refused_and_new_ones_met_with_care() {
    let of = |major| of_version(&server(|it| it.major = major));
    check(&of(12), Level::Problem, "need 13 or later");
    check(&of(13), Level::Ok, "PostgreSQL 15.4");
    check(&of(18), Level::Ok, "PostgreSQL");
    check(&of(19), Level::Warning, "newer than every version");
}

#[test]
fn a_standby_is_a_problem() {
    check(&of_standby(&server(|_| {})), Level::Ok, "can be written to");
    check(&of_standby(&server(|it| it.standby = true)), Level::Problem, "is read-only here");
}

#[test]
fn a_way_that_others_see_is_told() {
    let of = |reached: &str| of_tls(&server(|it| it.reached = reached.to_owned()));
    check(&of("socket"), Level::Ok, "a Unix socket");
    check(&of("loopback"), Level::Ok, "the same machine");
    check(&of("10.0.0.7"), Level::Warning, "between here and 10.0.0.7");
    let tls = Some(("TLSv1.3".to_owned(), "TLS_AES_256_GCM_SHA384".to_owned()));
    let encrypted = server(|it| (it.reached, it.tls) = ("10.0.0.7".to_owned(), tls));
    check(&of_tls(&encrypted), Level::Ok, "TLSv1.3, TLS_AES_256_GCM_SHA384");
    // The server sees the pooler alone.
    let behind = server(|it| (it.behind_pooler, it.reached) = (Some(7), "10.0.0.7".to_owned()));
    check(&of_tls(&behind), Level::Ok, "from the pooler to the server: none;");
}

#[test]
fn what_switches_checks_off_is_taken_back_where_it_was_set() {
    let of = |source: &str| {
        of_replica(&server(|it| {
            (it.login, it.quoted_database) = ("ada".to_owned(), "\"App\"".to_owned());
            it.replica_source = source.to_owned();
        }))
    };
    assert_eq!(of("user"), "ALTER ROLE ada RESET session_replication_role;");
    assert_eq!(of("database"), "ALTER DATABASE \"App\" RESET session_replication_role;");
    let both = "ALTER ROLE ada IN DATABASE \"App\" RESET session_replication_role;";
    assert_eq!(of("database user"), both);
    assert!(of("client").starts_with("migration-cli config "));
    assert!(of("configuration file").starts_with("ALTER SYSTEM SET session_replication_role = "));
}

#[test]
fn clocks_that_are_apart_are_told_without_the_way() {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let trip = Duration::from_secs(20);
    let of = |server| of_clock(Clocks { before: at(100), after: at(120) }, trip, at(server));
    check(&of(110), Level::Ok, "agree");
    check(&of(124), Level::Ok, "agree");
    check(&of(96), Level::Ok, "agree");
    check(&of(126), Level::Warning, "6 s ahead of");
    check(&of(40), Level::Warning, "60 s behind");
}

#[test]
fn settings_that_lose_what_was_written_are_told_outside_of_development() {
    let risky = server(|it| {
        let off = |name: &str| (name.to_owned(), "off".to_owned());
        it.settings = vec![off("fsync"), off("full_page_writes"), off("synchronous_commit")];
    });
    let told = of_settings(&risky, &Examination::default());
    let names: Vec<_> = told.iter().map(|it| it.message.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["fsync", "full_page_writes", "synchronous_commit"]);
    assert!(told.iter().all(|it| it.level == Level::Warning && it.hint.is_some()));
    let development = Examination { development: true, ..Examination::default() };
    check(&of_settings(&risky, &development)[0], Level::Ok, "nothing that matters");
}

#[test]
fn limits_of_a_role_are_told_and_do_not_count() {
    let limited = server(|it| it.limits = vec!["statement_timeout=5s".to_owned()]);
    let told = of_settings(&limited, &Examination::default());
    check(&told[0], Level::Ok, "(statement_timeout=5s do not count for them)");
}

#[test]
fn more_tables_than_locks_are_told() {
    let with = |tables| {
        server(|it| {
            let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            it.settings = vec![
                set("max_locks_per_transaction", "64"),
                set("max_connections", "100"),
                set("max_prepared_transactions", "0"),
            ];
            it.tables = tables;
        })
    };
    assert_eq!(of_locks(&with(5000)), None);
    let told = of_locks(&with(10_000)).unwrap();
    check(&told, Level::Warning, "room for 6400 locks, and there are 10000 tables");
    assert!(told.hint.unwrap().contains("max_locks_per_transaction = 201;"));
}
