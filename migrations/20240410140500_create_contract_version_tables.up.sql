-- Versions of a contract's text, clause by clause.
--
-- People approve and sign one exact text, so the text hangs on a version and not on the contract.

CREATE TABLE contract_versions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_id bigint NOT NULL,
    number bigint NOT NULL,
    change_summary text NOT NULL DEFAULT '',
    created_by bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    CONSTRAINT contract_versions_pk PRIMARY KEY (id),
    CONSTRAINT contract_versions_contract_id_number_key UNIQUE (contract_id, number),
    -- So that a table with both columns can be held to versions of its own contract.
    CONSTRAINT contract_versions_contract_id_id_key UNIQUE (contract_id, id),
    CONSTRAINT contract_versions_contract_id_fk FOREIGN KEY (contract_id)
        REFERENCES contracts (id) ON DELETE CASCADE,
    CONSTRAINT contract_versions_created_by_fk FOREIGN KEY (created_by)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT contract_versions_number_check CHECK (number > 0)
);

CREATE INDEX contract_versions_created_by_idx ON contract_versions (created_by);

-- One draft at a time: two people who edit the same contract edit the same version.
CREATE UNIQUE INDEX contract_versions_contract_id_key
    ON contract_versions (contract_id) WHERE published_at IS NULL;

COMMENT ON TABLE contract_versions IS 'One exact text of a contract.';
COMMENT ON COLUMN contract_versions.published_at IS
    'NULL: still a draft. Once set, the clauses stay as they are.';

CREATE TABLE clauses (
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_version_id bigint NOT NULL,
    position bigint NOT NULL,
    heading text,
    body text NOT NULL,
    CONSTRAINT clauses_pk PRIMARY KEY (id),
    -- Deferrable, so that one UPDATE can swap two clauses.
    CONSTRAINT clauses_contract_version_id_position_key UNIQUE (contract_version_id, position)
        DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT clauses_contract_version_id_fk FOREIGN KEY (contract_version_id)
        REFERENCES contract_versions (id) ON DELETE CASCADE,
    CONSTRAINT clauses_position_check CHECK (position > 0),
    CONSTRAINT clauses_heading_check CHECK (heading ~ '[^[:space:]]'),
    CONSTRAINT clauses_body_check CHECK (body ~ '[^[:space:]]')
);

COMMENT ON TABLE clauses IS 'The text of a version, in order of position.';
COMMENT ON COLUMN clauses.heading IS 'NULL: a clause that is only numbered.';
