-- Who somebody is at the organisation's own provider. Found by issuer and subject alone: addresses change hands.
CREATE TABLE outside_identity (
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  account BIGINT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  since_ms BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX outside_identity_account ON outside_identity (account, issuer);
