CREATE TABLE party (
    id bigint PRIMARY KEY,
    name text DEFAULT 'Größe "\n" ✓'
);

COMMENT ON TABLE party IS 'a; b';
