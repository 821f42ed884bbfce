use super::super::check::Level;
use super::*;

fn role(change: impl FnOnce(&mut Role)) -> Role {
    let mut role =
        Role { name: "deploy".to_owned(), database: "app".to_owned(), ..Role::default() };
    role.schema = Schema { exists: true, usage: true, create: true };
    role.login = ("deploy".to_owned(), false);
    role.schema_name = "\"app\"".to_owned();
    change(&mut role);
    role
}

#[track_caller]
fn check(found: &Check, level: Level, message: &str, hint: &str) {
    assert_eq!(found.level, level, "{found:?}");
    assert!(found.message.contains(message), "{found:?}");
    assert!(found.hint.as_deref().unwrap_or_default().starts_with(hint), "{found:?}");
}

#[test]
fn a_superuser_is_a_warning_outside_of_development() {
    let superuser = role(|it| it.superuser = true);
    let development = Examination { development: true, ..Examination::default() };
    let usual = Examination::default();
    check(&of_role(&superuser, &usual), Level::Warning, "deploy is a superuser", "CREATE ROLE");
    check(&of_role(&superuser, &development), Level::Ok, "in development", "");
    check(&of_role(&role(|_| {}), &usual), Level::Ok, "deploy, not a superuser", "");
}

#[test]
fn rights_on_the_schema_have_their_grants() {
    let with =
        |exists, usage, create| of_schema(&role(|it| it.schema = Schema { exists, usage, create }));
    check(&with(true, true, true), Level::Ok, "may make tables in \"app\"", "");
    let create = "GRANT CREATE ON SCHEMA \"app\" TO deploy;";
    check(&with(true, true, false), Level::Problem, "may not make tables", create);
    let usage = "GRANT USAGE, CREATE ON SCHEMA \"app\" TO deploy;";
    check(&with(true, false, false), Level::Problem, "may not use", usage);
    let missing = "CREATE SCHEMA \"app\" AUTHORIZATION deploy;";
    check(&with(false, false, false), Level::Problem, "is not there", missing);
    let maker = role(|it| (it.schema.exists, it.creates_schemas) = (false, true));
    check(&of_schema(&maker), Level::Ok, "the role may make it", "");
}

#[test]
fn tables_of_others_are_reached_without_becoming_a_superuser() {
    let of = |member, superuser, count, major| {
        let (owner, names) = ("\"Ada\"".to_owned(), "a, \"B\"".to_owned());
        let foreign = Foreign { owner, member, superuser, count, names };
        of_ownership(&role(|it| it.foreign.push(foreign)), major)[0].hint.clone().unwrap()
    };
    assert_eq!(of(false, false, 2, 15), "GRANT \"Ada\" TO deploy;");
    let inherit = "ALTER ROLE deploy INHERIT;   -- it is a member of \"Ada\" already";
    assert_eq!(of(true, false, 2, 15), inherit);
    let inherit = "GRANT \"Ada\" TO deploy WITH INHERIT TRUE;   -- it is a member already";
    assert_eq!(of(true, false, 2, 16), inherit);
    let given = "ALTER TABLE \"app\".a OWNER TO deploy; ALTER TABLE \"app\".\"B\" OWNER TO deploy;";
    assert_eq!(of(false, true, 2, 16), given);
    assert_eq!(of(true, true, 7, 16), format!("{given}   -- and 4 more"));
}

#[test]
fn the_last_connections_are_told() {
    let server = |max: &str| Server::with(&[("max_connections", max)]);
    let of = |role: &Role, max| of_connections(role, &server(max));
    let used = |sessions| role(|it| it.sessions = sessions);
    check(&of(&used(5), "100")[0], Level::Ok, "95 of 100 are free", "");
    check(&of(&used(99), "100")[0], Level::Ok, "1 of 100 are free", "");
    check(&of(&used(100), "100")[0], Level::Warning, "the server has 100 and 0", "SELECT usename");
    let limited = role(|it| it.limits[0] = (Some(1), 1));
    let hint = "ALTER ROLE deploy CONNECTION LIMIT 5;";
    check(&of(&limited, "100")[0], Level::Warning, "the role may have 1 and 0", hint);
    let small = role(|it| it.limits[1] = (Some(1), 1));
    let hint = "ALTER DATABASE app CONNECTION LIMIT -1;";
    check(&of(&small, "100")[0], Level::Warning, "the database may have 1", hint);
}
