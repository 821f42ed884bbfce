-- What was agreed, with whom, and since when.

CREATE TABLE contracts (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title       text NOT NULL CHECK (title <> ''),
    partner     text NOT NULL CHECK (partner <> ''),
    signed_on   date NOT NULL
);
