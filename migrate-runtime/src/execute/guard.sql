SELECT CASE
    WHEN pg_catalog.pg_backend_pid() <> {pid} OR NOT {held} THEN 'MG001: this session does not hold the lock of the migrations'
    WHEN NOT pg_catalog.pg_try_advisory_xact_lock({key}, 2) THEN 'MG002: another runner is inside a migration'
    WHEN NULLIF({before}, pg_catalog.current_setting('migrate.done', true)) IS NOT NULL THEN 'MG006: the migration before it is not done'
    WHEN {already} THEN 'MG003: the history already says so'
END::pg_catalog.int4
