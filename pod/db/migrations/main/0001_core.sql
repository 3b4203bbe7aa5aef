-- The truth: accounts, storages, resources and their journal.
-- Portable but for identity columns and blobs (PostgreSQL: BIGINT GENERATED ALWAYS AS IDENTITY, BYTEA) and text that must
-- compare byte by byte (COLLATE "C"). Identities are never given twice.
-- Times are milliseconds since the Unix epoch; truth values are 0 and 1.

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

CREATE TABLE account (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  email TEXT,
  password_hash TEXT,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX account_email ON account (lower(email));

CREATE TABLE web_id (
  iri TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  is_primary SMALLINT NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1))
);
CREATE INDEX web_id_account ON web_id (account);

CREATE TABLE storage (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL UNIQUE,
  account BIGINT NOT NULL REFERENCES account (id),
  sequence BIGINT NOT NULL DEFAULT 0,
  bytes BIGINT NOT NULL DEFAULT 0,
  resources BIGINT NOT NULL DEFAULT 0,
  bytes_max BIGINT NOT NULL DEFAULT 0,
  resources_max BIGINT NOT NULL DEFAULT 0,
  status TEXT NOT NULL DEFAULT 'active',
  created_ms BIGINT NOT NULL
);
CREATE INDEX storage_account ON storage (account);

CREATE TABLE storage_owner (
  storage BIGINT NOT NULL REFERENCES storage (id),
  web_id TEXT NOT NULL,
  PRIMARY KEY (storage, web_id)
);

-- The body comes last: reading what stands before it never touches its pages.
CREATE TABLE resource (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  storage BIGINT NOT NULL REFERENCES storage (id),
  path TEXT NOT NULL UNIQUE,
  parent BIGINT REFERENCES resource (id),
  subject BIGINT REFERENCES resource (id),
  kind TEXT NOT NULL CHECK (kind IN ('container', 'rdf', 'other')),
  media_type TEXT NOT NULL,
  version BIGINT NOT NULL,
  listing_version BIGINT NOT NULL,
  modified_ms BIGINT NOT NULL,
  size BIGINT NOT NULL,
  digest TEXT NOT NULL,
  protected SMALLINT NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
  members BIGINT NOT NULL DEFAULT 0,
  blob TEXT,
  body BLOB,
  CHECK ((body IS NULL) <> (blob IS NULL))
);
-- A listing is read from this index alone.
CREATE INDEX resource_member ON resource (parent, path, kind, media_type, size, modified_ms) WHERE parent IS NOT NULL;
CREATE INDEX resource_subject ON resource (subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX resource_blob ON resource (blob) WHERE blob IS NOT NULL;

CREATE TABLE change (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  storage BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  time_ms BIGINT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'update', 'delete', 'move')),
  resource BIGINT NOT NULL,
  path TEXT NOT NULL,
  old_path TEXT,
  subject BIGINT,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest TEXT NOT NULL,
  previous_version BIGINT,
  previous_digest TEXT,
  agent TEXT,
  client TEXT,
  operation TEXT NOT NULL,
  acl BIGINT,
  acl_version BIGINT,
  UNIQUE (storage, sequence)
);

CREATE TABLE garbage_blob (
  name TEXT PRIMARY KEY,
  since_ms BIGINT NOT NULL
);

CREATE TABLE access_grant (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  client TEXT NOT NULL,
  web_id TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);
CREATE INDEX access_grant_account ON access_grant (account);

CREATE TABLE client_credential (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  web_id TEXT NOT NULL,
  label TEXT NOT NULL,
  secret_hash TEXT NOT NULL,
  grant_id TEXT NOT NULL REFERENCES access_grant (id),
  created_ms BIGINT NOT NULL,
  revoked_ms BIGINT
);
CREATE INDEX client_credential_account ON client_credential (account);

CREATE TABLE proof_seen (
  jkt TEXT NOT NULL,
  jti TEXT NOT NULL,
  expires_ms BIGINT NOT NULL,
  PRIMARY KEY (jkt, jti)
);
CREATE INDEX proof_seen_expires ON proof_seen (expires_ms);

CREATE TABLE signing_key (
  kid TEXT PRIMARY KEY,
  algorithm TEXT NOT NULL,
  private_key BLOB NOT NULL,
  created_ms BIGINT NOT NULL,
  retired_ms BIGINT
);

CREATE TABLE json_ld_context (
  url TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  body BLOB NOT NULL,
  fetched_ms BIGINT NOT NULL
);
