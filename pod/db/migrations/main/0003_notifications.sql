-- Notification channels, and access rules as they were: who may hear of what happened is judged by them.

-- Capabilities are kept as SHA-256. `network` is told of anonymous channels only: what one address may have.
CREATE TABLE channel (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  storage BIGINT NOT NULL REFERENCES storage (id),
  agent TEXT,
  client TEXT,
  issuer TEXT,
  grant_id TEXT,
  origin TEXT,
  context TEXT NOT NULL,
  accept TEXT NOT NULL,
  subtree SMALLINT NOT NULL CHECK (subtree IN (0, 1)),
  rate_seconds DOUBLE PRECISION NOT NULL,
  start_ms BIGINT,
  end_ms BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  send_to TEXT,
  p256dh TEXT,
  auth TEXT,
  created_ms BIGINT NOT NULL,
  capability_hash TEXT UNIQUE,
  network TEXT
);
CREATE INDEX channel_storage ON channel (storage);
CREATE INDEX channel_agent ON channel (agent, created_ms) WHERE agent IS NOT NULL;
CREATE INDEX channel_network ON channel (network) WHERE network IS NOT NULL;
CREATE INDEX channel_end ON channel (end_ms);
CREATE INDEX channel_push ON channel (created_ms) WHERE send_to IS NOT NULL;

CREATE TABLE channel_topic (
  channel TEXT NOT NULL REFERENCES channel (id),
  path TEXT NOT NULL,
  PRIMARY KEY (channel, path)
);
CREATE INDEX channel_topic_path ON channel_topic (path);

-- An access control list that was replaced or deleted: in force for what comes before `until_sequence` in its storage's
-- journal. One that went with its subject was in force until the subject went.
CREATE TABLE past_acl (
  id BIGINT NOT NULL,
  version BIGINT NOT NULL,
  storage BIGINT NOT NULL,
  path TEXT NOT NULL,
  until_sequence BIGINT NOT NULL,
  until_ms BIGINT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (id, version)
);
CREATE INDEX past_acl_path ON past_acl (path, until_sequence);
CREATE INDEX past_acl_storage ON past_acl (storage, until_sequence, id, size);
CREATE INDEX past_acl_until ON past_acl (until_ms);

-- What was in force at this point of the storage's journal and before it is no longer known.
ALTER TABLE storage ADD COLUMN rules_floor BIGINT NOT NULL DEFAULT 0;
UPDATE storage SET rules_floor = sequence;

-- When something of that name went.
CREATE INDEX change_deletion ON change (storage, path, sequence) WHERE kind = 'delete';
