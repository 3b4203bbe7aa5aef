-- Links for people without a WebID. Kept under the SHA-256 of the secret in the URL; where the resource is now is found by
-- its id, which is never given twice: a link ends with its resource, and a new one at the same place is another one.
-- The owner of `storage` sees the link and may withdraw it, whoever made it.
CREATE TABLE share_link (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  account BIGINT NOT NULL REFERENCES account (id),
  web_id TEXT NOT NULL,
  storage BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('view', 'upload')),
  label TEXT NOT NULL,
  password_hash TEXT,
  uses BIGINT NOT NULL DEFAULT 0,
  uses_max BIGINT,
  files BIGINT NOT NULL DEFAULT 0,
  created_ms BIGINT NOT NULL,
  end_ms BIGINT,
  used_ms BIGINT,
  revoked_ms BIGINT
);
CREATE INDEX share_link_account ON share_link (account, created_ms);
CREATE INDEX share_link_storage ON share_link (storage, created_ms);
CREATE INDEX share_link_resource ON share_link (resource, created_ms);

-- A browser in which a link was opened: that counted as one use, and lasts a while.
CREATE TABLE share_link_opening (
  hash TEXT PRIMARY KEY,
  link BIGINT NOT NULL REFERENCES share_link (id) ON DELETE CASCADE,
  end_ms BIGINT NOT NULL
);
CREATE INDEX share_link_opening_end ON share_link_opening (end_ms);
CREATE INDEX share_link_opening_link ON share_link_opening (link);
