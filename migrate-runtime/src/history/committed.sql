SELECT version, (EXTRACT(epoch FROM finished_at - started_at) * 1000)::bigint
FROM {schema}._migrations_log WHERE run = {run} AND outcome = 'ok'
