-- What an app may do at most, and until when: remembered with the consent, and in force by the grants made of it.
-- No ceiling (NULL) is everything its account can do; no end (NULL) is until it is revoked.

ALTER TABLE app ADD COLUMN ceiling TEXT;
ALTER TABLE app ADD COLUMN end_ms BIGINT;
ALTER TABLE access_grant ADD COLUMN ceiling TEXT;
ALTER TABLE access_grant ADD COLUMN end_ms BIGINT;

-- Documents of this server that an access control list names as groups, in that version of the list: who changes one
-- changes who gets in. Rows of lists that are gone, or of versions, say nothing and are swept.
CREATE TABLE acl_group (
  path TEXT NOT NULL,
  acl BIGINT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (path, acl, version)
);
CREATE INDEX acl_group_acl ON acl_group (acl, version);
