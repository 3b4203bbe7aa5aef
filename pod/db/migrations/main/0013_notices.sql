-- What somebody with an account should know of: who asks them for access, what others shared with them, what happened to
-- the ways into their account, a pod that gets full. `who` and `thing` say whom and what it is about; the same again is
-- the same row, unread again.
CREATE TABLE notice (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account BIGINT NOT NULL REFERENCES account (id),
  kind TEXT NOT NULL,
  who TEXT NOT NULL,
  thing TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  times BIGINT NOT NULL DEFAULT 1,
  read_ms BIGINT
);
CREATE UNIQUE INDEX notice_about ON notice (account, kind, who, thing);
CREATE INDEX notice_newest ON notice (account, at_ms, id);
CREATE INDEX notice_unread ON notice (account) WHERE read_ms IS NULL;
CREATE INDEX notice_at ON notice (at_ms);
