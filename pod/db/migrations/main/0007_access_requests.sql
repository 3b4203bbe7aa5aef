-- Access that others ask for, and what they were given. `items` is what it is about: paths, how far and until when.
-- `account` is the owner's, `agent` who asks; `client` the only app it is for, `through` the one that asked; `thing` is the
-- same for what is asked twice.
CREATE TABLE access_request (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  storage BIGINT NOT NULL,
  agent TEXT NOT NULL,
  client TEXT NOT NULL,
  through TEXT NOT NULL,
  network TEXT NOT NULL,
  thing TEXT NOT NULL,
  items TEXT NOT NULL,
  purposes TEXT NOT NULL,
  comment TEXT NOT NULL,
  inbox TEXT,
  status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'granted', 'refused')),
  created_ms BIGINT NOT NULL,
  answered_ms BIGINT,
  told_ms BIGINT
);
CREATE UNIQUE INDEX access_request_open ON access_request (storage, agent, client, thing) WHERE status = 'open';
CREATE INDEX access_request_account ON access_request (account, created_ms);
CREATE INDEX access_request_storage ON access_request (storage, created_ms);
CREATE INDEX access_request_agent ON access_request (agent, created_ms);
CREATE INDEX access_request_untold ON access_request (created_ms) WHERE told_ms IS NULL;

-- What was given, as it was written into access rules. `ended_ms` is when it was taken back.
CREATE TABLE given_access (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  storage BIGINT NOT NULL,
  request TEXT,
  agent TEXT NOT NULL,
  client TEXT NOT NULL,
  through TEXT NOT NULL,
  items TEXT NOT NULL,
  purposes TEXT NOT NULL,
  comment TEXT NOT NULL,
  inbox TEXT,
  created_ms BIGINT NOT NULL,
  ended_ms BIGINT
);
CREATE INDEX given_access_account ON given_access (account, created_ms);
CREATE INDEX given_access_storage ON given_access (storage, created_ms);
CREATE INDEX given_access_agent ON given_access (agent, created_ms);

-- Of whom an owner wants to hear no more requests. They are not told.
CREATE TABLE access_block (
  account BIGINT NOT NULL REFERENCES account (id),
  agent TEXT NOT NULL,
  since_ms BIGINT NOT NULL,
  PRIMARY KEY (account, agent)
);

-- Answers on their way to the inboxes of those who asked. `account` is the owner's.
CREATE TABLE access_notice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account BIGINT NOT NULL REFERENCES account (id),
  inbox TEXT NOT NULL,
  message TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX access_notice_due ON access_notice (due_ms);
CREATE INDEX access_notice_account ON access_notice (account);
