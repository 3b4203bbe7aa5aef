-- Small pictures of what files show, as they were made. All of them can be made again.

-- `epoch` and `version` say of which state of the resource. Without `content` it is a file that shows nothing that can
-- be read. `bytes` is what the row counts for.
CREATE TABLE thumbnail (
  resource BIGINT NOT NULL,
  size TEXT NOT NULL,
  epoch TEXT NOT NULL,
  version BIGINT NOT NULL,
  used_ms BIGINT NOT NULL,
  bytes BIGINT NOT NULL,
  width BIGINT,
  height BIGINT,
  content BLOB,
  PRIMARY KEY (resource, size)
);
CREATE INDEX thumbnail_used ON thumbnail (used_ms);

-- What all of them count for together.
CREATE TABLE thumbnail_total (
  bytes BIGINT NOT NULL
);
INSERT INTO thumbnail_total (bytes) VALUES (0);
