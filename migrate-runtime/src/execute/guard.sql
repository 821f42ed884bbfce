CASE
    WHEN pg_catalog.pg_backend_pid() <> {pid} OR NOT {held} THEN {not_locked}
    WHEN NOT pg_catalog.pg_try_advisory_xact_lock({key}, 2) THEN {other_runner}
    WHEN NULLIF({before}, pg_catalog.current_setting('migrate.done', true)) IS NOT NULL THEN {not_before}{prepared}
    WHEN {already} THEN {said}
END::pg_catalog.int4
