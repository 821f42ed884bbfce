-- Documents: the files that belong to a contract. The bytes lie in object storage, the facts here.

CREATE TABLE documents (
    -- These ids stand in links that leave the house, so they must not be guessable.
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    contract_id bigint NOT NULL,
    contract_version_id bigint,
    kind text NOT NULL,
    file_name text NOT NULL,
    media_type text NOT NULL DEFAULT 'application/octet-stream',
    size_bytes bigint NOT NULL,
    sha256 bytea NOT NULL,
    storage_key text NOT NULL,
    uploaded_by bigint NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT documents_pk PRIMARY KEY (id),
    CONSTRAINT documents_storage_key_key UNIQUE (storage_key),
    -- No cascade: a row that vanished by itself would leave its bytes in the storage for ever.
    CONSTRAINT documents_contract_id_fk FOREIGN KEY (contract_id)
        REFERENCES contracts (id) ON DELETE RESTRICT,
    CONSTRAINT documents_contract_id_contract_version_id_fk
        FOREIGN KEY (contract_id, contract_version_id)
        REFERENCES contract_versions (contract_id, id) ON DELETE RESTRICT,
    CONSTRAINT documents_uploaded_by_fk FOREIGN KEY (uploaded_by)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT documents_kind_check CHECK (
        kind IN ('contract', 'annex', 'correspondence', 'evidence')
    ),
    CONSTRAINT documents_file_name_check CHECK (file_name ~ '^[^/\\]+$'),
    CONSTRAINT documents_media_type_check CHECK (media_type ~ '^[^/[:space:]]+/[^/[:space:]]+$'),
    CONSTRAINT documents_size_bytes_check CHECK (size_bytes >= 0),
    CONSTRAINT documents_sha256_check CHECK (octet_length(sha256) = 32)
);

-- One index for both foreign keys that begin with contract_id.
CREATE INDEX documents_contract_id_contract_version_id_idx
    ON documents (contract_id, contract_version_id);
CREATE INDEX documents_uploaded_by_idx ON documents (uploaded_by);

COMMENT ON TABLE documents IS
    'Files of a contract. A row is never changed: a new upload is a new row.';
COMMENT ON COLUMN documents.contract_version_id IS 'NULL: belongs to the contract as a whole.';
COMMENT ON COLUMN documents.storage_key IS 'Where the bytes lie in the object storage.';
