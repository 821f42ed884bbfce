INSERT INTO {schema}._migrations_progress AS p (version, direction, statement, statement_checksum, cursor, run, started_at, updated_at)
VALUES ({version}, {direction}, {statement}, {checksum}, {cursor}::jsonb{upto} || pg_catalog.jsonb_build_object(
        'before', {before},
        'lost', EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema())
             OR EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql)
             OR EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable),
        -- Only what the script chose: whoever logs in to go on may be somebody else.
        'user', NULLIF(pg_catalog.current_setting('migrate.user', true), session_user::text),
        'role', pg_catalog.current_setting('migrate.role', true),
        'settings', (SELECT COALESCE(pg_catalog.jsonb_object_agg(s.name, pg_catalog.current_setting(s.name)), '{}')
                     FROM pg_catalog.pg_settings s WHERE s.source = 'session' AND s.name NOT LIKE 'transaction\_%'
                       AND s.name NOT IN ('session_authorization', 'role', 'is_superuser')
                       -- What the run has as its limits, the next one has as its own.
                       AND NULLIF(pg_catalog.current_setting('migrate.prepared', true), '')::jsonb ->> s.name
                           IS DISTINCT FROM pg_catalog.current_setting(s.name))),
    {run}, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())
ON CONFLICT (version, direction) DO UPDATE SET statement = EXCLUDED.statement, cursor = EXCLUDED.cursor,
    statement_checksum = EXCLUDED.statement_checksum, run = EXCLUDED.run, updated_at = EXCLUDED.updated_at
