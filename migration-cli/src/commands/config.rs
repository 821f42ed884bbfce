//! `config`: what counts, and where it comes from.

use std::path::Path;
use std::time::Duration;

use migrate_runtime::{ConnectOptions, Settings};

use crate::context::Context;
use crate::env_vars::{Source, Sourced};
use crate::environment::{Database, Described};
use crate::error::CommandError;
use crate::output::{SettingRecord, print_settings};
use crate::schema_file::{Place, SchemaConfig, SchemaFile};
use crate::text::limit;

/// Show the effective configuration, and where each value comes from
///
/// In this order of precedence: flag, environment variable, `.env`, `migration.toml`, default. No
/// password is shown. Asks no database and starts none.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct ConfigArgs {}

const DEFAULT: &str = "default";

pub(crate) fn run(ctx: &mut Context<'_>, _: &ConfigArgs) -> Result<u8, CommandError> {
    if let Some(warning) = ctx.environment.warning() {
        ctx.ui.warn(warning);
    }
    let (database, problem) = database(ctx);
    let mut settings = vec![environment(ctx), protected(ctx)];
    settings.extend(database);
    settings.extend(files(ctx));
    settings.extend(schema_file(ctx));
    settings.extend(limits(ctx));
    settings.extend(rules(ctx));
    settings.extend(drift(ctx));
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
fn database(ctx: &Context<'_>) -> (Vec<SettingRecord>, Option<CommandError>) {
    let source = ctx.environment.url_source().map_or(DEFAULT.to_owned(), Source::brief);
    let record = |value| SettingRecord::new("database", value, &source);
    match ctx.environment.database() {
        Ok(Database::Server(options)) => {
            let place = record(Some(Described(options.config()).to_string()));
            ([place].into_iter().chain(access(ctx, &options)).collect(), None)
        }
        Ok(Database::Embedded) => match embedded(ctx) {
            Ok(place) => (vec![record(Some(place))], None),
            Err(error) => (vec![record(None)], Some(error)),
        },
        // Where there is none, most commands cannot work, and this one has its answer.
        Err(_) if ctx.environment.url_source().is_none() => (vec![record(None)], None),
        Err(error) => (vec![record(None)], Some(error)),
    }
}

/// How to get in: that there is a password, and never which.
fn access(ctx: &Context<'_>, options: &ConnectOptions) -> Vec<SettingRecord> {
    let mask = Some("***".to_owned());
    let password = match options.password_origin() {
        Some(origin) => SettingRecord::new("password", mask, &in_brief(ctx, origin)),
        None if ctx.environment.asks_for_password() => {
            SettingRecord::new("password", mask, &configured(ctx, "password_command"))
        }
        None => SettingRecord::new("password", None, DEFAULT),
    };
    let others = options.tls_settings().map(|(key, value, origin)| {
        SettingRecord::new(key, Some(value.to_owned()), &in_brief(ctx, origin))
    });
    [password, sslmode(ctx, options)].into_iter().chain(others).collect()
}

/// The one that counts: a protected environment raises it.
fn sslmode(ctx: &Context<'_>, options: &ConnectOptions) -> SettingRecord {
    let asked = options.tls_mode();
    let raised = ctx.is_kept_encrypted(options).then(|| options.clone().with_tls_required());
    let mode = raised.map_or(asked, |it| it.tls_mode());
    let source = match &ctx.environment.protected_by {
        Some(protected_by) if mode != asked => protected_by.clone(),
        _ => options.tls_origin().map_or(DEFAULT.to_owned(), |it| in_brief(ctx, it)),
    };
    SettingRecord::new("sslmode", Some(mode.as_str().to_owned()), &source)
}

/// Where it is in the URL, that is named as it is named everywhere.
fn in_brief(ctx: &Context<'_>, origin: &str) -> String {
    let url = ctx.environment.url_source().filter(|it| it.to_string() == origin);
    url.map_or(origin.to_owned(), Source::brief)
}

fn embedded(ctx: &Context<'_>) -> Result<String, CommandError> {
    let data = ctx.embedded()?.data()?;
    Ok(data.map_or("embedded, not made yet".to_owned(), |it| {
        format!("embedded, in {}", ctx.shorten(&it))
    }))
}

fn files(ctx: &Context<'_>) -> [SettingRecord; 3] {
    let shown = |it: &Path| it.display().to_string();
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

/// Where `up`, `down` and `schema` write the schema, and how.
fn schema_file(ctx: &Context<'_>) -> [SettingRecord; 3] {
    let SchemaConfig { place, format, views } = &ctx.schema;
    let file = SchemaFile::of_project(ctx).map(|it| it.shown());
    let place_source = source(ctx, "schema", place.is_some());
    let format_source = match (place, format) {
        (Some(Place::File(_)), None) => place_source.clone(),
        _ => source(ctx, "schema_format", format.is_some()),
    };
    let views_source = source(ctx, "schema_views", views.is_some());
    let (format, views) = (ctx.schema.format().as_str(), ctx.schema.views());
    [
        SettingRecord::new("schema_file", file, &place_source),
        SettingRecord::new("schema_format", Some(format.to_owned()), &format_source),
        SettingRecord::new("schema_views", Some(views.to_string()), &views_source),
    ]
}

fn limits(ctx: &Context<'_>) -> [SettingRecord; 7] {
    let (given, file) = (&ctx.global.limits, &ctx.environment.section);
    let defaults = Settings::default();
    let record = |key: &'static str, flag: &str, typed: Option<Duration>, in_file, default| {
        let source = match (typed, in_file) {
            (Some(_), _) => flag.to_owned(),
            (None, Some(_)) => configured(ctx, key),
            (None, None) => DEFAULT.to_owned(),
        };
        let value = typed.or(in_file).unwrap_or(default);
        SettingRecord::new(key, Some(limit(value)), &source)
    };
    // Only commands that run scripts have their flags.
    let of_batches = |key, in_file, default| record(key, "", None, in_file, default);
    [
        record(
            "lock_timeout",
            "--lock-timeout",
            given.lock_timeout,
            file.lock_timeout,
            defaults.lock_timeout,
        ),
        record(
            "lock_deadline",
            "--lock-deadline",
            given.lock_deadline,
            file.lock_deadline,
            defaults.lock_deadline,
        ),
        record(
            "statement_timeout",
            "--statement-timeout",
            given.statement_timeout,
            file.statement_timeout,
            defaults.statement_timeout,
        ),
        record("wait", "--wait", given.wait, file.wait, defaults.wait),
        record(
            "wait_for_db",
            "--wait-for-db",
            given.wait_for_db,
            file.wait_for_db,
            defaults.wait_for_db,
        ),
        of_batches("max_batch_time", file.max_batch_time, defaults.max_batch_time),
        of_batches("max_replication_lag", file.max_replication_lag, defaults.max_replication_lag),
    ]
}

fn rules(ctx: &Context<'_>) -> [SettingRecord; 4] {
    let file = &ctx.environment.section;
    let source = |key: &str, given: bool| {
        if given { configured(ctx, key) } else { DEFAULT.to_owned() }
    };
    let out_of_order = file.allow_out_of_order.unwrap_or(false).to_string();
    [
        SettingRecord::new(
            "schema",
            Some(ctx.settings().schema),
            &source("schema", file.schema.is_some()),
        ),
        SettingRecord::new(
            "backup_dir",
            Some(ctx.backup_dir(None).display().to_string()),
            &source("backup_dir", file.backup_dir.is_some()),
        ),
        SettingRecord::new("role", file.role.clone(), &source("role", file.role.is_some())),
        SettingRecord::new(
            "allow_out_of_order",
            Some(out_of_order),
            &source("allow_out_of_order", file.allow_out_of_order.is_some()),
        ),
    ]
}

/// What is recorded of schemas, and what of their differences is no drift.
fn drift(ctx: &Context<'_>) -> Vec<SettingRecord> {
    let record = |key: &str, value: String, is_given: bool| {
        let key = format!("drift.{key}");
        SettingRecord::new(&key, Some(value), &source(ctx, &key, is_given))
    };
    let given = ctx.drift.record;
    let records = given.unwrap_or(Settings::default().record_schema).to_string();
    let lists = ctx.drift.lists().into_iter();
    let lists = lists.filter_map(|(key, list)| Some(record(key, list?.join(", "), true)));
    [record("record", records, given.is_some())].into_iter().chain(lists).collect()
}

/// Where a key of the environment is set.
fn configured(ctx: &Context<'_>, key: &str) -> String {
    source(ctx, &format!("environments.{}.{key}", ctx.environment.name), true)
}

/// Where a key is set, if it is.
fn source(ctx: &Context<'_>, key: &str, is_given: bool) -> String {
    let file = ctx.environment.config.clone().unwrap_or_default();
    if is_given { Source::Config(key.to_owned(), file).brief() } else { DEFAULT.to_owned() }
}

impl SettingRecord {
    fn sourced(key: &'static str, value: Option<Sourced>) -> SettingRecord {
        let source = value.as_ref().map_or(DEFAULT.to_owned(), |it| it.source.brief());
        SettingRecord::new(key, value.map(|it| it.value), &source)
    }
}
