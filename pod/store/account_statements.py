"""The SQL of accounts, written once for every engine. Text only; accounts.py says what goes in and what comes out."""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

_ACCOUNT = "a.id, a.name, a.email, a.password_hash, a.status, a.created_ms"
_STORAGE = "id, path, account, bytes, bytes_max, resources, resources_max, status, created_ms"
_GRANT = "id, account, client, web_id, created_ms, revoked_ms"
_CLIENT = "id, account, web_id, label, secret_hash, grant_id, created_ms, revoked_ms"
_KEY = "kid, algorithm, private_key, created_ms, retired_ms"

INSERT_ACCOUNT = """
INSERT INTO account (name, email, password_hash, created_ms) VALUES (?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING id, name, email, password_hash, status, created_ms
"""
ACCOUNT_BY_ID = f"SELECT {_ACCOUNT} FROM account a WHERE a.id = ?"
ACCOUNT_BY_NAME = f"SELECT {_ACCOUNT} FROM account a WHERE a.name = ?"
ACCOUNT_BY_EMAIL = f"SELECT {_ACCOUNT} FROM account a WHERE lower(a.email) = lower(?)"
ACCOUNT_BY_WEB_ID = f"SELECT {_ACCOUNT} FROM web_id w JOIN account a ON a.id = w.account WHERE w.iri = ?"
ACCOUNTS = f"SELECT {_ACCOUNT} FROM account a ORDER BY a.name"
SET_STATUS = "UPDATE account SET status = ? WHERE id = ? RETURNING id"
SET_PASSWORD_HASH = "UPDATE account SET password_hash = ? WHERE id = ? RETURNING id"  # noqa: S105

STORAGES = f"SELECT {_STORAGE} FROM storage ORDER BY path"
STORAGES_OF = f"SELECT {_STORAGE} FROM storage WHERE account = ? ORDER BY path"

INSERT_WEB_ID = """
INSERT INTO web_id (iri, account, is_primary) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING iri
"""
WEB_IDS_OF = "SELECT iri FROM web_id WHERE account = ? ORDER BY is_primary DESC, iri"

INSERT_GRANT = (
    f"INSERT INTO access_grant (id, account, client, web_id, created_ms) VALUES (?, ?, ?, ?, ?) RETURNING {_GRANT}"
)
REVOKE_GRANT = "UPDATE access_grant SET revoked_ms = COALESCE(revoked_ms, ?) WHERE id = ? RETURNING id"

INSERT_CLIENT = (
    "INSERT INTO client_credential (id, account, web_id, label, secret_hash, grant_id, created_ms) "
    f"VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_CLIENT}"
)
CLIENT_BY_ID = f"SELECT {_CLIENT} FROM client_credential WHERE id = ?"
CLIENTS_OF = f"SELECT {_CLIENT} FROM client_credential WHERE account = ? ORDER BY created_ms, id"
REVOKE_CLIENT = """
UPDATE client_credential SET revoked_ms = COALESCE(revoked_ms, ?) WHERE id = ? RETURNING grant_id
"""

INSERT_KEY = f"INSERT INTO signing_key (kid, algorithm, private_key, created_ms) VALUES (?, ?, ?, ?) RETURNING {_KEY}"
KEYS = f"SELECT {_KEY} FROM signing_key ORDER BY created_ms DESC, kid"
RETIRE_KEY = "UPDATE signing_key SET retired_ms = COALESCE(retired_ms, ?) WHERE kid = ? RETURNING kid"
