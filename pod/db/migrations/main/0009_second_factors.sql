-- Signing in with more than a password: passkeys, codes from an app, recovery codes; and what tells an owner who came.

-- `id` is the credential's, in base64url; `public_key` is COSE.
CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  account BIGINT NOT NULL REFERENCES account (id),
  public_key BLOB NOT NULL,
  sign_count BIGINT NOT NULL,
  name TEXT NOT NULL,
  transports TEXT NOT NULL,
  synced SMALLINT NOT NULL CHECK (synced IN (0, 1)),
  created_ms BIGINT NOT NULL,
  used_ms BIGINT
);
CREATE INDEX passkey_account ON passkey (account);

-- `passkey_step`: whether a passkey is asked for after the password. `code_key` is encrypted; `code_step` is the last
-- period whose code was used, `wrong_codes` how many were wrong since one was right.
CREATE TABLE account_factors (
  account BIGINT PRIMARY KEY REFERENCES account (id),
  passkey_step SMALLINT NOT NULL DEFAULT 0 CHECK (passkey_step IN (0, 1)),
  code_key BLOB,
  code_since_ms BIGINT,
  code_step BIGINT NOT NULL DEFAULT 0,
  wrong_codes BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE recovery_code (
  account BIGINT NOT NULL REFERENCES account (id),
  hash TEXT NOT NULL,
  PRIMARY KEY (account, hash)
);

-- Challenges of passkeys that were answered: each is good for one answer.
CREATE TABLE used_challenge (
  hash TEXT PRIMARY KEY,
  expires_ms BIGINT NOT NULL
);
CREATE INDEX used_challenge_expires ON used_challenge (expires_ms);

-- Browsers in which an account signed in before, under the SHA-256 of a cookie of their own.
CREATE TABLE known_browser (
  account BIGINT NOT NULL REFERENCES account (id),
  hash TEXT NOT NULL,
  seen_ms BIGINT NOT NULL,
  PRIMARY KEY (account, hash)
);
CREATE INDEX known_browser_seen ON known_browser (seen_ms);

-- What changed about the ways into an account, for its owner to read where no mail is sent.
CREATE TABLE account_event (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account BIGINT NOT NULL REFERENCES account (id),
  at_ms BIGINT NOT NULL,
  kind TEXT NOT NULL
);
CREATE INDEX account_event_account ON account_event (account, id);
CREATE INDEX account_event_at ON account_event (at_ms);

-- Where a browser was last seen from: an address, or the network of one.
ALTER TABLE web_session ADD COLUMN network TEXT NOT NULL DEFAULT '';
