"""The SQL of accounts, written once for every engine. Text only; accounts.py says what goes in and what comes out."""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

ACCOUNT = "a.id, a.name, a.email, a.password_hash, a.status, a.created_ms, a.role, a.email_verified_ms, a.delete_due_ms"
_ACCOUNT = ACCOUNT.replace("a.", "")
_STORAGE = "id, path, account, bytes, bytes_max, resources, resources_max, status, created_ms"
_GRANT = "id, account, client, web_id, created_ms, revoked_ms"
_CLIENT = (
    "id, account, web_id, label, secret_hash, grant_id, created_ms, revoked_ms, used_ms, "
    "(SELECT g.ceiling FROM access_grant g WHERE g.id = grant_id), "
    "(SELECT g.end_ms FROM access_grant g WHERE g.id = grant_id)"
)
_KEY = "kid, algorithm, private_key, created_ms, retired_ms"

NAME_TAKEN = "SELECT 1 FROM account WHERE name = ? UNION ALL SELECT 1 FROM storage WHERE path = ?"
NAME_RETIRED = "SELECT 1 FROM retired_name WHERE name = ?"
INSERT_ACCOUNT = f"""
INSERT INTO account (name, email, password_hash, created_ms, email_verified_ms, role)
VALUES (?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM account) THEN 'member' ELSE 'operator' END)
ON CONFLICT DO NOTHING RETURNING {_ACCOUNT}
"""
ANY_ACCOUNT = "SELECT 1 FROM account LIMIT 1"
ACCOUNT_BY_ID = f"SELECT {ACCOUNT} FROM account a WHERE a.id = ?"
ACCOUNT_BY_NAME = f"SELECT {ACCOUNT} FROM account a WHERE a.name = ?"
ACCOUNT_BY_EMAIL = (
    f"SELECT {ACCOUNT} FROM account a WHERE lower(a.email) = lower(?) AND a.email_verified_ms IS NOT NULL"
)
ACCOUNT_BY_WEB_ID = f"SELECT {ACCOUNT} FROM web_id w JOIN account a ON a.id = w.account WHERE w.iri = ?"
ACCOUNTS = f"SELECT {ACCOUNT} FROM account a ORDER BY a.name"
SET_STATUS = "UPDATE account SET status = ? WHERE id = ? RETURNING id"
SET_PASSWORD_HASH = "UPDATE account SET password_hash = ? WHERE id = ? RETURNING id"  # noqa: S105
EMAIL_TAKEN = "SELECT 1 FROM account WHERE lower(email) = lower(?) AND email_verified_ms IS NOT NULL AND id <> ?"
SET_EMAIL = f"UPDATE account SET email = ?, email_verified_ms = ? WHERE id = ? RETURNING {_ACCOUNT}"

LANGUAGE = "SELECT language FROM account WHERE id = ?"
OPERATORS_LANGUAGE = "SELECT language FROM account WHERE role = 'operator' ORDER BY id LIMIT 1"
SET_LANGUAGE = "UPDATE account SET language = ? WHERE id = ? AND language <> ?"

SET_DELETE_DUE = f"UPDATE account SET delete_due_ms = ? WHERE id = ? RETURNING {_ACCOUNT}"
SET_STORAGES_STATUS = "UPDATE storage SET status = ? WHERE account = ?"
REMOVAL_BEGUN = "SELECT 1 FROM storage WHERE account = ? AND status = 'emptying'"

STORAGES = f"SELECT {_STORAGE} FROM storage ORDER BY path"
STORAGES_OF = f"SELECT {_STORAGE} FROM storage WHERE account = ? ORDER BY path"

INSERT_WEB_ID = """
INSERT INTO web_id (iri, account, is_primary) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING iri
"""
SET_SIGNS_IN_HERE = "UPDATE web_id SET signs_in_here = ? WHERE iri = ? AND account = ? RETURNING iri"
WEB_IDS_SIGNING_IN_HERE = "SELECT iri FROM web_id WHERE account = ? AND signs_in_here = 1 ORDER BY is_primary DESC, iri"
WEB_IDS_OF = "SELECT iri FROM web_id WHERE account = ? ORDER BY is_primary DESC, iri"

INSERT_GRANT = (
    "INSERT INTO access_grant (id, account, client, web_id, created_ms, ceiling, end_ms) "
    f"VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_GRANT}"
)
REVOKE_GRANT = "UPDATE access_grant SET revoked_ms = COALESCE(revoked_ms, ?) WHERE id = ? RETURNING id"

INSERT_CLIENT = (
    "INSERT INTO client_credential (id, account, web_id, label, secret_hash, grant_id, created_ms) "
    f"VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING {_CLIENT}"
)
CLIENT_BY_ID = f"SELECT {_CLIENT} FROM client_credential WHERE id = ?"
USE_CLIENT = "UPDATE client_credential SET used_ms = ? WHERE id = ?"
CLIENTS_OF = f"SELECT {_CLIENT} FROM client_credential WHERE account = ? ORDER BY created_ms, id"
REVOKE_CLIENT = """
UPDATE client_credential SET revoked_ms = COALESCE(revoked_ms, ?) WHERE id = ? RETURNING grant_id
"""
REVOKE_CLIENTS_OF = "UPDATE client_credential SET revoked_ms = COALESCE(revoked_ms, ?) WHERE account = ?"
REVOKE_CLIENTS_AS = """
UPDATE client_credential SET revoked_ms = COALESCE(revoked_ms, ?) WHERE account = ? AND web_id = ?
"""
REVOKE_GRANTS_OF_CLIENTS = """
UPDATE access_grant SET revoked_ms = COALESCE(revoked_ms, ?)
WHERE id IN (SELECT grant_id FROM client_credential WHERE account = ?)
"""

INSERT_KEY = f"INSERT INTO signing_key (kid, algorithm, private_key, created_ms) VALUES (?, ?, ?, ?) RETURNING {_KEY}"
KEYS = f"SELECT {_KEY} FROM signing_key ORDER BY created_ms DESC, kid"
RETIRE_KEY = "UPDATE signing_key SET retired_ms = COALESCE(retired_ms, ?) WHERE kid = ? RETURNING kid"
