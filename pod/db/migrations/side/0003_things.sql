-- What the documents of a pod say, as far as lists and counts need it. All of it can be read again from the documents.

-- How far the index of a storage has come in its journal. `walked` is the last path of a first reading that is under way.
-- A place with another epoch or format than the server's tells of rows that are to be removed and read anew.
CREATE TABLE thing_place (
  storage BIGINT PRIMARY KEY,
  epoch TEXT NOT NULL,
  format BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  walked TEXT,
  contacts BIGINT NOT NULL DEFAULT 0,
  groups BIGINT NOT NULL DEFAULT 0,
  posts BIGINT NOT NULL DEFAULT 0,
  unread BIGINT NOT NULL DEFAULT 0,
  people BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX thing_place_unfinished ON thing_place (storage) WHERE walked IS NOT NULL;

-- The documents that were read. `whole` is 0 of one that could not be read, or says more than is kept.
CREATE TABLE thing_document (
  storage BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  path TEXT NOT NULL,
  whole SMALLINT NOT NULL CHECK (whole IN (0, 1)),
  PRIMARY KEY (storage, resource)
);
CREATE INDEX thing_document_unread ON thing_document (storage) WHERE whole = 0;

CREATE TABLE thing (
  id INTEGER PRIMARY KEY,
  storage BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  iri TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('contact', 'book', 'group', 'post', 'person')),
  name TEXT NOT NULL,
  sort TEXT NOT NULL,
  at_ms BIGINT NOT NULL,
  web_id TEXT,
  words TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE INDEX thing_resource ON thing (storage, resource);
CREATE INDEX thing_sorted ON thing (storage, kind, sort, iri);
CREATE INDEX thing_dated ON thing (storage, kind, at_ms, iri);
CREATE INDEX thing_iri ON thing (storage, iri);
CREATE INDEX thing_web_id ON thing (web_id, storage) WHERE web_id IS NOT NULL;

-- Who is in a group.
CREATE TABLE thing_member (
  storage BIGINT NOT NULL,
  resource BIGINT NOT NULL,
  of_group TEXT NOT NULL,
  member TEXT NOT NULL,
  name TEXT NOT NULL
);
CREATE INDEX thing_member_resource ON thing_member (storage, resource);
CREATE INDEX thing_member_group ON thing_member (storage, of_group, member);
CREATE INDEX thing_member_member ON thing_member (storage, member);

-- Which paths of its own pod a document mentions.
CREATE TABLE thing_reference (
  storage BIGINT NOT NULL,
  target TEXT NOT NULL,
  resource BIGINT NOT NULL,
  PRIMARY KEY (storage, target, resource)
);
CREATE INDEX thing_reference_resource ON thing_reference (storage, resource);
