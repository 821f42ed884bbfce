-- Takes the identity and access tables away, the referring ones before the referenced ones.
--
-- Plain DROP, here and in every later script: without CASCADE nothing goes that this migration did
-- not make, and without IF EXISTS a table that is missing does not pass unnoticed.

DROP TABLE role_permissions;
DROP TABLE permissions;
DROP TABLE user_roles;
DROP TABLE roles;
DROP TABLE users;
