BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
RESET SESSION AUTHORIZATION;
RESET ROLE;
SET LOCAL search_path = pg_catalog;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '{lock_timeout}';
DO ${tag}$ BEGIN
    IF pg_catalog.to_regnamespace({schema_name}) IS NULL THEN
        CREATE SCHEMA {schema};
    END IF;
END ${tag}$;
CREATE TABLE IF NOT EXISTS {schema}._migrations (
    id SERIAL PRIMARY KEY,
    version VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    checksum VARCHAR(64) NOT NULL,
    execution_time INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}._migrations_log (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run UUID NOT NULL,
    command TEXT NOT NULL,
    version VARCHAR(255),
    direction TEXT,
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    outcome TEXT NOT NULL,
    sqlstate TEXT,
    message TEXT,
    detail JSONB NOT NULL DEFAULT '{}',
    db_role TEXT NOT NULL,
    os_user TEXT,
    host TEXT,
    environment TEXT,
    application TEXT,
    revision TEXT
);
CREATE TABLE IF NOT EXISTS {schema}._migrations_script (
    version VARCHAR(255) PRIMARY KEY,
    down_sql TEXT,
    down_checksum VARCHAR(64),
    mode TEXT NOT NULL,
    statements JSONB NOT NULL
);
CREATE TABLE IF NOT EXISTS {schema}._migrations_progress (
    version VARCHAR(255) NOT NULL,
    direction TEXT NOT NULL,
    statement INTEGER NOT NULL,
    statement_checksum VARCHAR(64) NOT NULL,
    cursor JSONB,
    run UUID NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (version, direction)
);
CREATE TABLE IF NOT EXISTS {schema}._migrations_meta (key TEXT PRIMARY KEY, value JSONB NOT NULL);
CREATE OR REPLACE FUNCTION {schema}._migrations_log_append_only() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog AS ${tag}$
BEGIN
    RAISE EXCEPTION 'the log of migrations is append-only' USING ERRCODE = 'insufficient_privilege';
END ${tag}$;
DROP TRIGGER IF EXISTS append_only ON {schema}._migrations_log;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}._migrations_log
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}._migrations_log_append_only();
DO ${tag}$
DECLARE
    history CONSTANT regclass := {migrations};
    newest CONSTANT bigint := (SELECT pg_catalog.max(id) FROM {schema}._migrations);
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_index i
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attname = 'version'
               WHERE i.indrelid = history AND i.indisunique AND i.indkey::text = a.attnum::text) THEN
        RETURN;
    END IF;
    IF NOT pg_catalog.pg_has_role((SELECT relowner FROM pg_catalog.pg_class WHERE oid = history), 'USAGE') THEN
        PERFORM pg_catalog.set_config('migrate.warning', 'not_owner', true);
    ELSIF EXISTS (SELECT FROM {schema}._migrations GROUP BY version HAVING pg_catalog.count(*) > 1) THEN
        EXECUTE pg_catalog.format('CREATE UNIQUE INDEX _migrations_version_key ON %s (version) WHERE id > %s', history, newest);
        PERFORM pg_catalog.set_config('migrate.warning', 'repeated_versions', true);
    ELSE
        CREATE UNIQUE INDEX _migrations_version_key ON {schema}._migrations (version);
    END IF;
END ${tag}$;
INSERT INTO {schema}._migrations_meta (key, value) VALUES ('layout', '{layout}') ON CONFLICT (key) DO NOTHING;
{mark};
SELECT pg_catalog.current_setting('migrate.warning', true);
COMMIT
