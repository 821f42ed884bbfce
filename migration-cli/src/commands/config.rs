//! `config`: what counts, and where it comes from.

use std::time::Duration;

use migrate_runtime::Settings;

use crate::context::Context;
use crate::env_vars::{Source, Sourced};
use crate::environment::{Database, Described};
use crate::error::CommandError;
use crate::output::{SettingRecord, print_settings};
use crate::text::limit;

/// Show the effective configuration, and where each value comes from
///
/// In this order of precedence: flag, environment variable, `.env`, `migration.toml`, default. No
/// password is shown. Asks no database and starts none.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ConfigArgs {}

const DEFAULT: &str = "default";

pub(crate) fn run(ctx: &mut Context<'_>, _: &ConfigArgs) -> Result<u8, CommandError> {
    let (database, problem) = database(ctx);
    let mut settings = vec![environment(ctx), protected(ctx), database];
    settings.extend(files(ctx));
    settings.extend(limits(ctx));
    settings.push(SettingRecord::new("schema", Some(ctx.settings().schema), DEFAULT));
    let pg_bin = ctx.pg_bin()?;
    settings.push(SettingRecord::sourced("pg_bin", pg_bin));
    print_settings(&ctx.ui, &settings)?;
    ctx.report.settings = Some(settings);
    problem.map_or(Ok(0), Err)
}

fn environment(ctx: &Context<'_>) -> SettingRecord {
    let source = ctx.environment.named_by.as_ref().map_or(DEFAULT.to_owned(), Source::brief);
    SettingRecord::new("environment", Some(ctx.environment.name.clone()), &source)
}

fn protected(ctx: &Context<'_>) -> SettingRecord {
    let value = if ctx.environment.protected { "true" } else { "false" };
    let source = ctx.environment.protected_by.as_deref().unwrap_or(DEFAULT);
    SettingRecord::new("protected", Some(value.to_owned()), source)
}

/// What is wrong with it is told after everything else was shown.
fn database(ctx: &Context<'_>) -> (SettingRecord, Option<CommandError>) {
    let source = ctx.environment.url_source().map_or(DEFAULT.to_owned(), Source::brief);
    let (value, problem) = match ctx.environment.database() {
        Ok(Database::Server(config)) => (Some(Described(&config).to_string()), None),
        Ok(Database::Embedded) => match embedded(ctx) {
            Ok(place) => (Some(place), None),
            Err(error) => (None, Some(error)),
        },
        // Where there is none, most commands cannot work, and this one has its answer.
        Err(_) if ctx.environment.url_source().is_none() => (None, None),
        Err(error) => (None, Some(error)),
    };
    (SettingRecord::new("database", value, &source), problem)
}

fn embedded(ctx: &Context<'_>) -> Result<String, CommandError> {
    let data = ctx.embedded()?.data()?;
    Ok(data.map_or("embedded, not made yet".to_owned(), |it| {
        format!("embedded, in {}", ctx.shorten(&it))
    }))
}

fn files(ctx: &Context<'_>) -> [SettingRecord; 3] {
    let shown = |it: &std::path::Path| it.display().to_string();
    let how = |is_named: bool, flag: &str| if is_named { flag.to_owned() } else { "found".into() };
    let config = ctx.environment.config.as_deref();
    let folder = ctx.migrations_folder();
    let named = ctx.global.migrations_dir.is_some();
    let folder_source = if named { "--migrations-dir" } else { DEFAULT };
    [
        SettingRecord::new(
            "config_file",
            config.map(shown),
            &config.map_or(DEFAULT.into(), |_| how(ctx.global.config.is_some(), "--config")),
        ),
        SettingRecord::new(
            "dotenv_file",
            ctx.dotenv_file().map(shown),
            ctx.dotenv_file().map_or(DEFAULT, |_| "found"),
        ),
        SettingRecord::new("migrations_dir", Some(shown(&folder)), folder_source),
    ]
}

fn limits(ctx: &Context<'_>) -> [SettingRecord; 5] {
    let (given, defaults) = (&ctx.global.limits, Settings::default());
    let record = |key: &'static str, flag: &str, given: Option<Duration>, default: Duration| {
        let source = given.map_or(DEFAULT, |_| flag);
        SettingRecord::new(key, Some(limit(given.unwrap_or(default))), source)
    };
    [
        record("lock_timeout", "--lock-timeout", given.lock_timeout, defaults.lock_timeout),
        record("lock_deadline", "--lock-deadline", given.lock_deadline, defaults.lock_deadline),
        record(
            "statement_timeout",
            "--statement-timeout",
            given.statement_timeout,
            defaults.statement_timeout,
        ),
        record("wait", "--wait", given.wait, defaults.wait),
        record("wait_for_db", "--wait-for-db", given.wait_for_db, defaults.wait_for_db),
    ]
}

impl SettingRecord {
    fn sourced(key: &'static str, value: Option<Sourced>) -> SettingRecord {
        let source = value.as_ref().map_or(DEFAULT.to_owned(), |it| it.source.brief());
        SettingRecord::new(key, value.map(|it| it.value), &source)
    }
}
