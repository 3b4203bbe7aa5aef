-- People and their apps sign in: what accounts need for it, browser sessions, apps and what they were given, mail.
-- What a stranger must not be able to use is kept as a SHA-256: session cookies, codes, refresh tokens, links.

ALTER TABLE account ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('operator', 'member'));
ALTER TABLE account ADD COLUMN email_verified_ms BIGINT;
ALTER TABLE account ADD COLUMN delete_due_ms BIGINT;
UPDATE account SET role = 'operator' WHERE id = (SELECT MIN(id) FROM account);

-- Until now only operators gave accounts an address, and they vouch for it. From now on anyone may name any address, and
-- an account has it for itself once whoever reads its mail said so.
UPDATE account SET email_verified_ms = created_ms WHERE email IS NOT NULL;
DROP INDEX account_email;
CREATE UNIQUE INDEX account_email ON account (lower(email)) WHERE email_verified_ms IS NOT NULL;
CREATE INDEX account_delete_due ON account (delete_due_ms) WHERE delete_due_ms IS NOT NULL;

-- Names of storages that were deleted. They stay taken: others still trust the WebIDs that were made of them.
CREATE TABLE retired_name (
  name TEXT PRIMARY KEY,
  since_ms BIGINT NOT NULL
);

-- Whether the profile names this server as an issuer. Where it does not, no token of ours speaks for the WebID.
ALTER TABLE web_id ADD COLUMN signs_in_here INTEGER NOT NULL DEFAULT 1 CHECK (signs_in_here IN (0, 1));

ALTER TABLE client_credential ADD COLUMN used_ms BIGINT;

CREATE TABLE web_session (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  created_ms BIGINT NOT NULL,
  authenticated_ms BIGINT NOT NULL,
  seen_ms BIGINT NOT NULL,
  user_agent TEXT NOT NULL
);
CREATE INDEX web_session_account ON web_session (account);

-- Metadata as registered (RFC 7591), in JSON.
CREATE TABLE registered_client (
  id TEXT PRIMARY KEY,
  metadata TEXT NOT NULL,
  secret_hash TEXT,
  created_ms BIGINT NOT NULL,
  used_ms BIGINT
);
CREATE INDEX registered_client_unused ON registered_client (created_ms) WHERE used_ms IS NULL;

-- An app that an account allowed to act as one of its WebIDs: what is remembered of the consent.
CREATE TABLE app (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  client TEXT NOT NULL,
  web_id TEXT NOT NULL,
  name TEXT NOT NULL,
  host TEXT NOT NULL,
  scope TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  used_ms BIGINT NOT NULL,
  UNIQUE (account, client, web_id)
);

-- A grant of an app is one sign-in: it falls with the app, and with the session it was made in.
ALTER TABLE access_grant ADD COLUMN app TEXT;
ALTER TABLE access_grant ADD COLUMN session TEXT;
ALTER TABLE access_grant ADD COLUMN scope TEXT NOT NULL DEFAULT '';
ALTER TABLE access_grant ADD COLUMN authenticated_ms BIGINT;
ALTER TABLE access_grant ADD COLUMN used_ms BIGINT;
CREATE INDEX access_grant_app ON access_grant (app) WHERE app IS NOT NULL;
CREATE INDEX access_grant_session ON access_grant (session) WHERE session IS NOT NULL;

CREATE TABLE authorization_code (
  hash TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES access_grant (id),
  client TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  challenge TEXT NOT NULL,
  jkt TEXT,
  nonce TEXT,
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT
);
CREATE INDEX authorization_code_grant ON authorization_code (grant_id);
CREATE INDEX authorization_code_expires ON authorization_code (expires_ms);

CREATE TABLE refresh_token (
  hash TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL REFERENCES access_grant (id),
  jkt TEXT,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL,
  used_ms BIGINT
);
CREATE INDEX refresh_token_grant ON refresh_token (grant_id);
CREATE INDEX refresh_token_expires ON refresh_token (expires_ms);

-- Links that work once: a new password, a verified address, an invitation.
CREATE TABLE single_use_link (
  hash TEXT PRIMARY KEY,
  purpose TEXT NOT NULL CHECK (purpose IN ('reset', 'verify', 'invitation')),
  account BIGINT REFERENCES account (id),
  email TEXT,
  created_ms BIGINT NOT NULL,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX single_use_link_expires ON single_use_link (expires_ms);
CREATE INDEX single_use_link_account ON single_use_link (account) WHERE account IS NOT NULL;

-- Mail to be sent; a link in it is made when it is sent.
CREATE TABLE outgoing_mail (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  account BIGINT REFERENCES account (id),
  email TEXT NOT NULL,
  created_ms BIGINT NOT NULL,
  due_ms BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outgoing_mail_due ON outgoing_mail (due_ms);
CREATE INDEX outgoing_mail_account ON outgoing_mail (account) WHERE account IS NOT NULL;

-- How often something was tried in the running window, for all web processes together.
CREATE TABLE attempt (
  name TEXT PRIMARY KEY,
  since_ms BIGINT NOT NULL,
  count BIGINT NOT NULL
);
CREATE INDEX attempt_since ON attempt (since_ms);
