-- empty: print-schema
-- empty_elsewhere: print-schema --schema elsewhere

CREATE TABLE without_key (id int);
CREATE SCHEMA elsewhere;
