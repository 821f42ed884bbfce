INSERT INTO {schema}._migrations_log (run, command, version, direction, started_at, finished_at, outcome,
    sqlstate, message, detail, db_role, os_user, host, environment, application, revision)
VALUES ({run}, {command}, {version}, {direction}, {started_at}, pg_catalog.clock_timestamp(), {outcome},
    {sqlstate}, {message}, {detail}, session_user, {os_user}, {host}, {environment}, {application}, {revision})
