//! What `migration.toml` may say, and how what it may not is refused.

use super::*;

#[test]
fn environments_are_read() {
    let text =
        "[environments.staging]\nurl = 'postgres://h/d'\n[environments.live]\nprotected = true\n";
    let config = parse(text, Path::new(FILE_NAME)).unwrap();
    let url = Some("postgres://h/d".into());
    let staging = EnvironmentConfig { url, ..EnvironmentConfig::default() };
    assert_eq!(config.environments["staging"], staging);
    assert_eq!(config.environments["live"].protected, Some(true));
    assert_eq!(parse("", Path::new(FILE_NAME)).unwrap().environments.len(), 0);
}

#[test]
fn the_file_of_the_schema_is_a_name_or_nothing() {
    let read = |text: &str| parse(text, Path::new("/p/migration.toml")).unwrap().schema;
    let path = SchemaPlace::File("/p/src/schema.rs".into());
    assert_eq!(read("schema = 'src/schema.rs'").place, Some(path));
    assert_eq!(read("schema = false").place, Some(SchemaPlace::Nowhere));
    assert_eq!(read("schema_format = 'json'").format, Some(Format::Json));
    assert_eq!(read("schema_views = true").views, Some(true));
    assert_eq!(read(""), SchemaConfig::default());
}

#[test]
fn what_is_no_drift_is_read() {
    let text = "[drift]\nrecord = false\nignore = ['audit.*']\nignore_partitions_of = []\n";
    let drift = parse(text, Path::new(FILE_NAME)).unwrap().drift;
    assert_eq!((drift.record, drift.ignore), (Some(false), Some(vec!["audit.*".to_owned()])));
    assert_eq!((drift.ignore_grants, drift.ignore_partitions_of), (None, Some(Vec::new())));
}

#[test]
fn what_is_debugged_has_no_secrets() {
    let url = "'postgres://u:canary@h/d'";
    let commands = ["'echo canary'", "['echo', 'canary']"];
    for command in commands {
        let text = format!(
            "[environments.live]\nurl = {url}\ndirect_url = {url}\npassword_command = {command}\n"
        );
        let config = parse(&text, Path::new(FILE_NAME)).unwrap();
        let shown = format!("{config:?}");
        assert!(shown.contains("live") && !shown.contains("canary"), "{shown}");
        let command = config.environments["live"].password_command.as_ref().unwrap();
        assert!(!format!("{command:?}").contains("canary"));
    }
}

#[test]
fn mistakes_are_named_with_their_place_and_without_secrets() {
    #[track_caller]
    fn check(text: &str, place: (u32, u32), message: &str, hint: &str) {
        let error = parse(text, Path::new(FILE_NAME)).unwrap_err();
        let shown = format!("{error:?}");
        assert!(!shown.contains("canary"), "{shown}");
        assert!(error.message.contains(message), "{shown}");
        assert!(error.hints.iter().any(|it| it.contains(hint)) || hint.is_empty(), "{shown}");
        let found = error.place.as_ref().unwrap();
        assert_eq!((found.line, found.column), (place.0, Some(place.1)), "{text}");
    }

    let near = "[environments.live]\nprotcted = true\n";
    check(near, (2, 1), "unknown key `protcted` in [environments.live]", "`protected`");
    check("[environment.live]\n", (1, 2), "unknown key `environment`", "`environments`");
    check("colour = 1\n", (1, 1), "unknown key `colour`", "known keys: drift, environments");
    check("schema = true", (1, 10), "schema must be the name of a file, or false", "schema.rs");
    check("schema = 'app'", (1, 10), "must be the name of a file", "under [environments.NAME]");
    check("schema = ''", (1, 10), "schema must be the name of a file", "");
    check("schema_format = 'jsno'", (1, 17), "must be one of: diesel, rust, sql, json", "`json`");
    check("schema_format = 1", (1, 17), "must be one of", "");
    check("schema_views = 1", (1, 16), "schema_views must be true or false", "");
    check("schema_fromat = 'rust'", (1, 1), "unknown key `schema_fromat`", "`schema_format`");
    check("[lint]\ndeny = ['drop-tabel']", (2, 9), "no rule `drop-tabel`", "`drop-table`");
    check("environments = 'postgres://u:canary@h'", (1, 16), "must be a table", "");
    check("[environments]\nlive = 'canary'", (2, 8), "must be a table", "");
    let quoted = "[environments.live]\nprotected = 'canary'\n";
    check(quoted, (2, 13), "environments.live.protected must be true or false", "");
    check("[environments.live]\nurl = 7\n", (2, 7), "url must be a string", "");
    let url = "[environments.live]\nurl_env = 'postgres://u:canary@h/d'\n";
    check(url, (2, 11), "url_env must be the name of an environment variable", "`url` under");
    check("[environments.live]\nurl = postgres://u:canary@h\n", (2, 7), "not TOML", "");
    let near = "[drift]\nignore_grant = ['*']";
    check(near, (2, 1), "unknown key `ignore_grant` in [drift]", "`ignore_grants`");
    check("[drift]\nrecord = 'yes'", (2, 10), "drift.record must be true or false", "");
    check("[drift]\nignore = 'a'", (2, 10), "drift.ignore must be a list of patterns", "");
    check("[drift]\nignore = ['']", (2, 10), "drift.ignore must be a list of patterns", "");
    check("[environments.live]\nurl = 'canary\n", (2, 14), "not TOML", "");
}
