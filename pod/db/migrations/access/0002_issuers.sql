-- Who vouched for whoever asked: the issuer of their token, empty where that is this server. What the tokens of others
-- say of the app is only claimed, and is to be told apart from an app that this server knows.

CREATE TABLE access_by_issuer (
  storage TEXT NOT NULL,
  hour BIGINT NOT NULL,
  agent TEXT NOT NULL,
  client TEXT NOT NULL,
  path TEXT NOT NULL,
  act TEXT NOT NULL CHECK (act IN ('read', 'append', 'write', 'control', 'notify')),
  verdict TEXT NOT NULL CHECK (verdict IN ('allowed', 'refused', 'limited')),
  issuer TEXT NOT NULL,
  times BIGINT NOT NULL CHECK (times > 0),
  last_ms BIGINT NOT NULL,
  PRIMARY KEY (storage, hour, agent, client, path, act, verdict, issuer)
) WITHOUT ROWID;

INSERT INTO access_by_issuer
SELECT storage, hour, agent, client, path, act, verdict, '', times, last_ms FROM access;

DROP TABLE access;

ALTER TABLE access_by_issuer RENAME TO access;
