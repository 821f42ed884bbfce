INSERT INTO {schema}._migrations_script (version, down_sql, down_checksum, mode, statements)
VALUES ({version}, {sql}, {checksum}, {mode}, {statements})
ON CONFLICT (version) DO UPDATE SET down_sql = EXCLUDED.down_sql, down_checksum = EXCLUDED.down_checksum,
    mode = EXCLUDED.mode, statements = EXCLUDED.statements
