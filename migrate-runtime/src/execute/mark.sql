INSERT INTO {schema}._migrations_progress AS p (version, direction, statement, statement_checksum, cursor, run, started_at, updated_at)
VALUES ({version}, {direction}, {statement}, {checksum}, {cursor}, {run}, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp())
ON CONFLICT (version, direction) DO UPDATE SET statement = EXCLUDED.statement, cursor = EXCLUDED.cursor,
    statement_checksum = EXCLUDED.statement_checksum, run = EXCLUDED.run, updated_at = EXCLUDED.updated_at
