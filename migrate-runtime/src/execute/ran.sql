INSERT INTO {schema}._migrations (version, name, applied_at, checksum, execution_time)
VALUES ({version}, {name}, pg_catalog.clock_timestamp(), {checksum}, {elapsed})
RETURNING execution_time, (EXTRACT(epoch FROM applied_at) * 1000000)::bigint
