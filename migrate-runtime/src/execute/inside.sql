SELECT pid FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND classid = '{classid}'::pg_catalog.oid
  AND objid = 2 AND objsubid = 2 AND granted
