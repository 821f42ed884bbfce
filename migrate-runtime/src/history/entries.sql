SELECT run, command, version, direction,
       CASE WHEN pg_catalog.isfinite(started_at) THEN (EXTRACT(epoch FROM started_at) * 1000000)::bigint END,
       CASE WHEN pg_catalog.isfinite(finished_at) THEN (EXTRACT(epoch FROM finished_at) * 1000000)::bigint END,
       outcome, sqlstate, message, detail, db_role, os_user, host, environment, application, revision,
       detail ->> 'retries'
FROM {schema}._migrations_log
WHERE ({version}::text IS NULL OR version = {version}
       -- One row of `force`, or of `repair` that accepts scripts, is about many migrations.
       OR command IN ('force', 'repair')
          AND pg_catalog.jsonb_path_exists(detail, '$.*[*] ? (@.version == $version)',
                                           pg_catalog.jsonb_build_object('version', {version}::text)))
  -- What was still going on then is part of what has happened since.
  AND (({since})::timestamptz IS NULL OR COALESCE(finished_at, started_at) >= ({since})::timestamptz)
ORDER BY id DESC
LIMIT {limit}
