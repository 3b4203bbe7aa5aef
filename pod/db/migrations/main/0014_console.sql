-- What operators did about members, in the console; kept when either of them is gone, hence the names.
CREATE TABLE operator_act (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms BIGINT NOT NULL,
  operator BIGINT NOT NULL,
  operator_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  member BIGINT,
  about TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX operator_act_member ON operator_act (member, id) WHERE member IS NOT NULL;
