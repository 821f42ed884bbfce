SELECT pg_catalog.set_config('migrate.t0', EXTRACT(epoch FROM pg_catalog.clock_timestamp())::text, true)
