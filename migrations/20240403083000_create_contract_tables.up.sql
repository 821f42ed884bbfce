-- Contracts: what they are called, who answers for them, who is bound by them.
--
-- Words such as kind and status are text with a CHECK, not enum types: a word can be added, renamed
-- or taken away later by exchanging the constraint.

CREATE TABLE contracts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    reference text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'draft',
    owner_id bigint NOT NULL,
    total_value numeric(18, 4),
    currency_code text,
    effective_on date,
    expires_on date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contracts_pk PRIMARY KEY (id),
    CONSTRAINT contracts_reference_key UNIQUE (reference),
    CONSTRAINT contracts_owner_id_fk FOREIGN KEY (owner_id)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT contracts_reference_check CHECK (reference ~ '^[A-Z0-9]+(-[A-Z0-9]+)*$'),
    CONSTRAINT contracts_title_check CHECK (title ~ '[^[:space:]]'),
    CONSTRAINT contracts_kind_check CHECK (
        kind IN ('sale', 'purchase', 'service', 'lease', 'employment', 'confidentiality', 'other')
    ),
    CONSTRAINT contracts_status_check CHECK (
        status IN ('draft', 'in_review', 'active', 'expired', 'terminated')
    ),
    CONSTRAINT contracts_total_value_check CHECK (total_value >= 0),
    CONSTRAINT contracts_currency_code_check CHECK (currency_code ~ '^[A-Z]{3}$'),
    -- An amount without a currency, or the other way round, means nothing.
    CONSTRAINT contracts_total_value_currency_code_check CHECK (
        (total_value IS NULL) = (currency_code IS NULL)
    ),
    CONSTRAINT contracts_effective_on_expires_on_check CHECK (expires_on > effective_on)
);

CREATE INDEX contracts_owner_id_idx ON contracts (owner_id);

COMMENT ON TABLE contracts IS 'One row a contract, from the first draft to its end.';
COMMENT ON COLUMN contracts.reference IS
    'What people quote, such as SVC-2024-00017; never changes.';
COMMENT ON COLUMN contracts.owner_id IS
    'Who answers for it; changes hands before that user can go.';
COMMENT ON COLUMN contracts.total_value IS
    'NULL: no fixed amount. Four decimals suit every ISO 4217 currency.';
COMMENT ON COLUMN contracts.expires_on IS
    'First day on which it no longer holds. NULL: open-ended.';

CREATE TABLE contract_parties (
    contract_id bigint NOT NULL,
    party_id bigint NOT NULL,
    role text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contract_parties_pk PRIMARY KEY (contract_id, party_id, role),
    CONSTRAINT contract_parties_contract_id_fk FOREIGN KEY (contract_id)
        REFERENCES contracts (id) ON DELETE CASCADE,
    CONSTRAINT contract_parties_party_id_fk FOREIGN KEY (party_id)
        REFERENCES parties (id) ON DELETE RESTRICT,
    CONSTRAINT contract_parties_role_check CHECK (
        role IN ('provider', 'recipient', 'guarantor', 'beneficiary')
    )
);

CREATE INDEX contract_parties_party_id_idx ON contract_parties (party_id);

COMMENT ON TABLE contract_parties IS
    'Who is bound by a contract, and as what. One party may have several roles.';
