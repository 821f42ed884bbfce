-- Identity and access: who may sign in, and what they may do.
--
-- Everything else refers to users, so these tables come first. Plain CREATE, here and in every
-- later script: the history knows what has run, and a table that is there already is drift that
-- somebody should look at, not something to step over with IF NOT EXISTS. No updated_at columns:
-- when a row changed, and how, is a matter for the audit trail.

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY,
    email text NOT NULL,
    display_name text NOT NULL,
    password_hash text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz,
    deactivated_at timestamptz,
    CONSTRAINT users_pk PRIMARY KEY (id),
    CONSTRAINT users_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    CONSTRAINT users_display_name_check CHECK (display_name ~ '[^[:space:]]')
);

-- Addresses are compared without regard to case and kept as they were typed.
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

COMMENT ON TABLE users IS
    'People who may sign in. Nobody who ever acted is deleted, only deactivated.';
COMMENT ON COLUMN users.password_hash IS 'NULL: signs in through an identity provider only.';
COMMENT ON COLUMN users.deactivated_at IS 'NULL: may sign in.';

CREATE TABLE roles (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roles_pk PRIMARY KEY (id),
    CONSTRAINT roles_name_key UNIQUE (name),
    CONSTRAINT roles_name_check CHECK (name ~ '^[a-z][a-z0-9_]*$')
);

COMMENT ON TABLE roles IS 'Named bundles of permissions, such as contract_manager.';

CREATE TABLE user_roles (
    user_id bigint NOT NULL,
    role_id bigint NOT NULL,
    granted_by bigint,
    granted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_roles_pk PRIMARY KEY (user_id, role_id),
    CONSTRAINT user_roles_user_id_fk FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT user_roles_role_id_fk FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE,
    CONSTRAINT user_roles_granted_by_fk FOREIGN KEY (granted_by)
        REFERENCES users (id) ON DELETE SET NULL
);

-- The primary key serves user_id; the other two foreign keys need an index of their own.
CREATE INDEX user_roles_role_id_idx ON user_roles (role_id);
CREATE INDEX user_roles_granted_by_idx ON user_roles (granted_by);

COMMENT ON TABLE user_roles IS 'Which roles a user holds.';
COMMENT ON COLUMN user_roles.granted_by IS 'NULL: granted by the system.';

CREATE TABLE permissions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT permissions_pk PRIMARY KEY (id),
    CONSTRAINT permissions_name_key UNIQUE (name),
    CONSTRAINT permissions_name_check CHECK (name ~ '^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$')
);

COMMENT ON TABLE permissions IS
    'What the application asks for before it acts, as subject.verb: contract.approve.';

CREATE TABLE role_permissions (
    role_id bigint NOT NULL,
    permission_id bigint NOT NULL,
    granted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT role_permissions_pk PRIMARY KEY (role_id, permission_id),
    CONSTRAINT role_permissions_role_id_fk FOREIGN KEY (role_id)
        REFERENCES roles (id) ON DELETE CASCADE,
    CONSTRAINT role_permissions_permission_id_fk FOREIGN KEY (permission_id)
        REFERENCES permissions (id) ON DELETE CASCADE
);

CREATE INDEX role_permissions_permission_id_idx ON role_permissions (permission_id);

COMMENT ON TABLE role_permissions IS 'Which permissions a role bundles.';
