CREATE TABLE role (
    name text DEFAULT 'äöü' NOT NUL
);
