-- What profiles of people say to everyone of their names and pictures, as it was when they were last asked.

CREATE TABLE person (
  web_id TEXT PRIMARY KEY,
  name TEXT,
  picture_key TEXT,
  fetched_ms BIGINT,
  due_ms BIGINT NOT NULL,
  failures BIGINT NOT NULL DEFAULT 0,
  why TEXT,
  picture BLOB
);
CREATE INDEX person_due ON person (due_ms);
CREATE INDEX person_picture ON person (picture_key) WHERE picture_key IS NOT NULL;
