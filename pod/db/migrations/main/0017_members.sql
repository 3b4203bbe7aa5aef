-- Which language an account reads: mail to it is written in that; empty where nobody said.
ALTER TABLE account ADD COLUMN language TEXT NOT NULL DEFAULT '';

-- Groups that operators keep for members. One that ended keeps its name, which access rules may still say.
CREATE TABLE member_group (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  is_public SMALLINT NOT NULL DEFAULT 0 CHECK (is_public IN (0, 1)),
  made_ms BIGINT NOT NULL,
  ended_ms BIGINT
);
CREATE TABLE member_group_member (
  member_group BIGINT NOT NULL REFERENCES member_group (id),
  account BIGINT NOT NULL REFERENCES account (id),
  PRIMARY KEY (member_group, account)
);
CREATE INDEX member_group_member_account ON member_group_member (account);

-- What operators began and members have to agree to: their things to take along, their account to hand over.
CREATE TABLE offered_export (
  account BIGINT PRIMARY KEY REFERENCES account (id),
  operator_name TEXT NOT NULL,
  at_ms BIGINT NOT NULL
);
CREATE TABLE handover (
  account BIGINT PRIMARY KEY REFERENCES account (id),
  successor BIGINT NOT NULL REFERENCES account (id),
  operator_name TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  agreed_ms BIGINT
);
CREATE INDEX handover_successor ON handover (successor);

-- What left this server, changed hands or was deleted: how much, and digests by which it can be known again. Kept when
-- the accounts are gone, hence the names; `member` is no reference.
CREATE TABLE receipt (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms BIGINT NOT NULL,
  kind TEXT NOT NULL,
  operator_name TEXT NOT NULL,
  member BIGINT NOT NULL,
  member_name TEXT NOT NULL,
  successor_name TEXT NOT NULL DEFAULT '',
  resources BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  contents TEXT NOT NULL,
  archive TEXT NOT NULL DEFAULT '',
  done_ms BIGINT
);
CREATE INDEX receipt_member ON receipt (member, id);
