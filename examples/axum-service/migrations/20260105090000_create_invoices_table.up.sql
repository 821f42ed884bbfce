-- What customers owe. Amounts are whole cents, so that no sum is ever rounded.

CREATE TABLE invoices (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer    text NOT NULL CHECK (customer <> ''),
    cents       bigint NOT NULL CHECK (cents > 0)
);
