SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session';
SELECT name, pg_catalog.current_setting(name) FROM (VALUES (1, 'session_authorization'), (2, 'role')) AS roles (n, name) ORDER BY n;
SELECT pg_catalog.transaction_timestamp() <> pg_catalog.statement_timestamp()
