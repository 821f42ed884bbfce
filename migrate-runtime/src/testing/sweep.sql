-- Of this role: templates that nobody has used for a week, copies that are as old, and templates that are not whole and
-- that nobody is making: who makes one holds its lock, and who asks here does from now on.
WITH ours AS MATERIALIZED (
    SELECT d.datname::text AS name, d.datname LIKE '%\_new' AS is_new,
        pg_catalog."substring"(pg_catalog.shobj_description(d.oid, 'pg_database'),
            'migrate-runtime.* on (\d{4}-\d\d-\d\d)$') AS used
    FROM pg_catalog.pg_database d
    WHERE d.datdba = (SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)
        AND d.datname ~ '^migration_(template_[0-9a-f]{16}(_new)?|test_[0-9a-f]{12})$'
)
SELECT name FROM ours
WHERE CASE WHEN is_new
    THEN pg_catalog.pg_try_advisory_lock(('x' || pg_catalog.substr(name, 20, 16))::bit(64)::bigint)
    ELSE used < pg_catalog.to_char((pg_catalog.now() AT TIME ZONE 'UTC') - INTERVAL '7 days', 'YYYY-MM-DD') END
