-- What operators keep from others, whom they keep out, and what people reported to them.
CREATE TABLE takedown (
  path TEXT PRIMARY KEY,
  since_ms BIGINT NOT NULL,
  reason TEXT NOT NULL
);

CREATE TABLE blocked (
  kind TEXT NOT NULL CHECK (kind IN ('host', 'agent')),
  name TEXT NOT NULL,
  since_ms BIGINT NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (kind, name)
);

CREATE TABLE report (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms BIGINT NOT NULL,
  url TEXT NOT NULL,
  path TEXT,
  reason TEXT NOT NULL,
  contact TEXT NOT NULL,
  outcome TEXT NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'kept', 'taken down')),
  settled_ms BIGINT,
  settled_by TEXT
);
CREATE INDEX report_open ON report (outcome, id);
