-- Files that people are sending piece by piece: how much of each is safe on the disk, and what it is to become. `kept` is where
-- it is once all of it came; the row stays a while for whoever did not hear of that.

CREATE TABLE upload (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  account BIGINT NOT NULL REFERENCES account (id),
  storage BIGINT NOT NULL,
  path TEXT NOT NULL,
  media_type TEXT NOT NULL,
  replaces TEXT,
  metadata TEXT NOT NULL,
  length BIGINT NOT NULL,
  bytes BIGINT NOT NULL DEFAULT 0,
  end_ms BIGINT NOT NULL,
  kept TEXT
);
CREATE INDEX upload_account ON upload (account);
CREATE INDEX upload_storage ON upload (storage);
CREATE INDEX upload_end ON upload (end_ms);
