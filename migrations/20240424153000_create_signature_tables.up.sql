-- Signatures of the parties under one version of a contract.

CREATE TABLE signatures (
    id bigint GENERATED ALWAYS AS IDENTITY,
    contract_version_id bigint NOT NULL,
    party_id bigint NOT NULL,
    signer_name text NOT NULL,
    signer_email text NOT NULL,
    method text NOT NULL DEFAULT 'electronic',
    status text NOT NULL DEFAULT 'requested',
    requested_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    signed_sha256 bytea,
    CONSTRAINT signatures_pk PRIMARY KEY (id),
    -- No cascade: a version that somebody was asked to sign is evidence.
    CONSTRAINT signatures_contract_version_id_fk FOREIGN KEY (contract_version_id)
        REFERENCES contract_versions (id) ON DELETE RESTRICT,
    CONSTRAINT signatures_party_id_fk FOREIGN KEY (party_id)
        REFERENCES parties (id) ON DELETE RESTRICT,
    CONSTRAINT signatures_signer_name_check CHECK (signer_name ~ '[^[:space:]]'),
    CONSTRAINT signatures_signer_email_check CHECK (
        signer_email ~ '^[^@[:space:]]+@[^@[:space:]]+$'
    ),
    CONSTRAINT signatures_method_check CHECK (method IN ('electronic', 'qualified', 'handwritten')),
    CONSTRAINT signatures_status_check CHECK (status IN ('requested', 'signed', 'declined')),
    CONSTRAINT signatures_status_closed_at_check CHECK (
        (status = 'requested') = (closed_at IS NULL)
    ),
    CONSTRAINT signatures_signed_sha256_check CHECK (octet_length(signed_sha256) = 32),
    CONSTRAINT signatures_status_signed_sha256_check CHECK (
        (status = 'signed') = (signed_sha256 IS NOT NULL)
    )
);

-- A person signs a version once for a party; the index serves the first foreign key too.
CREATE UNIQUE INDEX signatures_contract_version_id_party_id_signer_email_key
    ON signatures (contract_version_id, party_id, lower(signer_email));
CREATE INDEX signatures_party_id_idx ON signatures (party_id);

COMMENT ON TABLE signatures IS 'One row a version, party and person who signs for it.';
COMMENT ON COLUMN signatures.signer_name IS 'Kept as it was when asked for; contacts may change.';
COMMENT ON COLUMN signatures.closed_at IS 'When it was signed or declined.';
COMMENT ON COLUMN signatures.signed_sha256 IS 'SHA-256 of the bytes that were signed.';
