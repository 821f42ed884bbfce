-- {{title}}
--
-- Write the columns in place of <column> <type>. Constraints with names are easy to speak of in later
-- scripts; an index on every column that references another table keeps deletes there fast.

CREATE TABLE {{table}} (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    <column> <type> NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT {{bare_table}}_pkey PRIMARY KEY (id)
);
