SELECT run, command, version, direction, (EXTRACT(epoch FROM started_at) * 1000000)::bigint,
       (EXTRACT(epoch FROM finished_at) * 1000000)::bigint, outcome, sqlstate, message, detail,
       db_role, os_user, host, environment, application, revision
FROM {schema}._migrations_log WHERE version = {version} ORDER BY id
