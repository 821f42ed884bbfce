//! Which database, and whether protected: decided without any database.

use std::path::Path;

use super::*;

const URL: &str = "postgres://app:canary@flag/app";

#[test]
fn a_flag_comes_before_a_variable_before_dotenv_before_the_file() {
    #[track_caller]
    fn check(
        url: Option<&str>,
        process: &[(&'static str, &str)],
        dotenv: &[(&str, &str)],
        config: &Config,
        expected: &str,
    ) {
        let vars = EnvVars::of(process, dotenv);
        let environment = Environment::choose(Choice { name: None, url }, &vars, config).unwrap();
        let Database::Server(found) = environment.database().unwrap() else { panic!("embedded") };
        assert_eq!(found.config().get_hosts(), [Host::Tcp(expected.into())]);
    }

    let config = config(&[("development", Some("postgres://file/app"), None)]);
    let variable = [(DATABASE_URL.name, "postgres://variable/app")];
    let dotenv = [(MIGRATION_DATABASE_URL.name, "postgres://dotenv/app")];
    check(Some(URL), &variable, &dotenv, &config, "flag");
    check(None, &variable, &dotenv, &config, "variable");
    check(None, &[], &dotenv, &config, "dotenv");
    check(None, &[], &[], &config, "file");
}

#[test]
fn only_an_unprotected_development_is_embedded() {
    #[track_caller]
    fn check(vars: &EnvVars, name: Option<&str>, config: &Config, embedded: bool) {
        let environment = Environment::choose(Choice { name, url: None }, vars, config).unwrap();
        match environment.database() {
            Ok(Database::Embedded) => assert!(embedded),
            Ok(Database::Server(_)) => panic!("no server was named"),
            Err(error) => {
                assert!(!embedded, "{error:?}");
                assert_eq!(error.kind.exit_code(), 2);
                assert!(error.hints[0].contains("DATABASE_URL"), "{error:?}");
            }
        }
    }

    let vars = EnvVars::of(&[], &[]);
    check(&vars, None, &config(&[]), true);
    check(&vars, Some("development"), &config(&[]), true);
    check(&vars, Some("staging"), &config(&[]), false);
    check(&vars, Some("production"), &config(&[]), false);
    check(&vars, None, &config(&[("development", None, Some(true))]), false);
    check(&EnvVars::of(&[(ENVIRONMENT.name, "staging")], &[]), None, &config(&[]), false);
}

#[test]
fn protection_is_told_and_production_never_loses_it() {
    #[track_caller]
    fn check(name: &str, config: &Config, expected: bool) {
        let choice = Choice { name: Some(name), url: Some(URL) };
        let environment = Environment::choose(choice, &EnvVars::of(&[], &[]), config).unwrap();
        assert_eq!(environment.protected, expected, "{name}");
    }

    check("production", &config(&[]), true);
    check("development", &config(&[]), false);
    check("live", &config(&[("live", None, Some(true))]), true);
    check("production", &config(&[("production", None, None)]), true);
    check("production", &config(&[("production", None, Some(false))]), true);
}

#[test]
fn a_slip_of_the_finger_does_not_undo_protection() {
    #[track_caller]
    fn check(name: &str, config: &Config, expected: Option<&str>) {
        let choice = Choice { name: Some(name), url: Some(URL) };
        let chosen = Environment::choose(choice, &EnvVars::of(&[], &[]), config);
        let hint = chosen.err().map(|it| it.hints[0].clone());
        assert_eq!(hint, expected.map(|it| format!("did you mean `--env {it}`?")), "{name}");
    }

    let config = config(&[("live-eu", None, Some(true)), ("staging", None, None)]);
    check("prodution", &config, Some("production"));
    check("prod", &config, Some("production"));
    check("Production", &config, Some("production"));
    check("live-us", &config, Some("live-eu"));
    check("stagin", &config, None);
    check("ci", &config, None);
}

#[test]
fn a_url_that_cannot_be_read_is_never_repeated() {
    #[track_caller]
    fn check(url: &str) {
        let vars = EnvVars::of(&[(DATABASE_URL.name, url)], &[]);
        let environment = Environment::choose(Choice::default(), &vars, &config(&[])).unwrap();
        let error = environment.database().unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.message.contains("DATABASE_URL"), "{error:?}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }

    check("postgres://app:canary@db:port/app");
    check("postgres://app:can?canary=canary");
    check("canary");
    check("host=db password='canary");
}

#[test]
fn a_database_is_described_without_its_password() {
    #[track_caller]
    fn check(url: &str, expected: &str) {
        assert_eq!(Described(&url.parse().unwrap()).to_string(), expected);
    }

    check("postgres://deploy:canary@db.example.com/app", "app on db.example.com:5432 as deploy");
    check("postgres://a:canary@[::1]:6432/app", "app on [::1]:6432 as a");
    check("host=/run/pg dbname=app user=a password=canary", "app on /run/pg as a");
    check("postgres://a:canary@one,two:7000/app", "app on one:5432, two:7000 as a");
    let named = "host=a,b hostaddr=10.0.0.1,::2 dbname=app user=u";
    check(named, "app on a:5432 (10.0.0.1), b:5432 (::2) as u");
    check("postgres://db", "the default database on db:5432");
}

fn config(environments: &[(&str, Option<&str>, Option<bool>)]) -> Config {
    let environments = environments.iter().map(|(name, url, protected)| {
        let (url, protected) = (url.map(str::to_owned), *protected);
        let section = EnvironmentConfig { url, protected, ..EnvironmentConfig::default() };
        ((*name).to_owned(), section)
    });
    let path = Some(Path::new("migration.toml").to_owned());
    Config { path, environments: environments.collect(), ..Config::default() }
}
