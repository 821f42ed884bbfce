CREATE TABLE party (
    name text DEFAULT 'André'
);
