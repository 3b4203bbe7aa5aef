-- Who used what: decisions about what not everybody may do, added up by the hour. What is here waits for no pod's write
-- and holds none up. Portable but for the words WITHOUT ROWID, which keep each row in one place.
-- Times count from the Unix epoch: hours, and milliseconds. Without an agent: nobody was signed in.

CREATE TABLE access (
  storage TEXT NOT NULL,
  hour BIGINT NOT NULL,
  agent TEXT NOT NULL,
  client TEXT NOT NULL,
  path TEXT NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('read', 'append', 'write', 'control', 'notify')),
  verdict TEXT NOT NULL CHECK (verdict IN ('allowed', 'refused', 'limited')),
  times BIGINT NOT NULL CHECK (times > 0),
  last_ms BIGINT NOT NULL,
  PRIMARY KEY (storage, hour, agent, client, path, act, verdict)
) WITHOUT ROWID;
