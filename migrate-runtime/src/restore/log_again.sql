-- Rows that are no part of the backup: with numbers of their own, since those of the archive may be taken.
INSERT INTO {schema}._migrations_log (run, command, version, direction, started_at, finished_at, outcome, sqlstate,
                                      message, detail, db_role, os_user, host, environment, application, revision)
SELECT run, command, version, direction, started_at, finished_at, outcome, sqlstate,
       message, detail, db_role, os_user, host, environment, application, revision
FROM pg_temp._migrations_log_kept kept
WHERE NOT EXISTS (SELECT FROM {schema}._migrations_log l WHERE l.id = kept.id AND l.run = kept.run)
ORDER BY id
