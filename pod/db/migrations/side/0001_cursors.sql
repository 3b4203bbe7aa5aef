-- What may be rebuilt: where each follower of the journal stands.

CREATE TABLE cursor (
  follower TEXT PRIMARY KEY,
  epoch TEXT NOT NULL,
  position BIGINT NOT NULL
);
