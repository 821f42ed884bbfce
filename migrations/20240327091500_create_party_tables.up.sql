-- Parties: the organisations and people that contracts are made with, and whom to write to there.

CREATE TABLE parties (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    legal_name text NOT NULL,
    country_code text NOT NULL,
    registration_number text,
    created_at timestamptz NOT NULL DEFAULT now(),
    archived_at timestamptz,
    CONSTRAINT parties_pk PRIMARY KEY (id),
    -- Parties without a number do not collide: NULLs are distinct.
    CONSTRAINT parties_country_code_registration_number_key UNIQUE (country_code, registration_number),
    CONSTRAINT parties_kind_check CHECK (kind IN ('organisation', 'person')),
    CONSTRAINT parties_legal_name_check CHECK (legal_name ~ '[^[:space:]]'),
    CONSTRAINT parties_country_code_check CHECK (country_code ~ '^[A-Z]{2}$'),
    CONSTRAINT parties_registration_number_check CHECK (
        registration_number IS NULL OR kind = 'organisation'
    )
);

COMMENT ON TABLE parties IS 'Organisations and people that can be bound by a contract.';
COMMENT ON COLUMN parties.country_code IS
    'ISO 3166-1 alpha-2: where the party is registered or lives.';
COMMENT ON COLUMN parties.registration_number IS 'Number in the company register of that country.';
COMMENT ON COLUMN parties.archived_at IS 'NULL: offered when a contract is drafted.';

CREATE TABLE party_contacts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    party_id bigint NOT NULL,
    full_name text NOT NULL,
    email text NOT NULL,
    phone text,
    is_primary boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT party_contacts_pk PRIMARY KEY (id),
    CONSTRAINT party_contacts_party_id_fk FOREIGN KEY (party_id)
        REFERENCES parties (id) ON DELETE CASCADE,
    CONSTRAINT party_contacts_full_name_check CHECK (full_name ~ '[^[:space:]]'),
    CONSTRAINT party_contacts_email_check CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    CONSTRAINT party_contacts_phone_check CHECK (phone ~ '^\+[1-9][0-9]{6,14}$')
);

-- One address twice at the same party is a typing mistake; the index serves the foreign key too.
CREATE UNIQUE INDEX party_contacts_party_id_email_key ON party_contacts (party_id, lower(email));
CREATE UNIQUE INDEX party_contacts_party_id_key ON party_contacts (party_id) WHERE is_primary;

COMMENT ON TABLE party_contacts IS 'People to write to at a party.';
COMMENT ON COLUMN party_contacts.phone IS 'E.164, such as +442079460000.';
COMMENT ON COLUMN party_contacts.is_primary IS 'At most one a party.';
