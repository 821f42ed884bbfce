-- Waits until nobody else is making the template $1.
SELECT pg_catalog.pg_advisory_lock(('x' || pg_catalog."right"($1::text, 16))::bit(64)::bigint)
