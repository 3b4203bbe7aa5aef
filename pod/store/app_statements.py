"""The SQL of apps, written once for every engine. Text only; apps.py says what goes in and what comes out."""

# ruff: noqa: S608 -- what is joined here is constant text; values are always bound

from __future__ import annotations

_APP = "id, account, client, web_id, name, host, scope, created_ms, used_ms, ceiling, end_ms"
_GRANT = (
    "g.id, g.account, g.client, g.web_id, g.app, g.session, g.scope, g.authenticated_ms, g.created_ms, "
    "CASE WHEN g.revoked_ms IS NULL AND a.status = 'active' AND a.delete_due_ms IS NULL AND w.account = g.account "
    "AND w.signs_in_here = 1 THEN 1 ELSE 0 END, g.ceiling, g.end_ms"
)
_OF_GRANT = "JOIN account a ON a.id = g.account LEFT JOIN web_id w ON w.iri = g.web_id"
_CODE = "c.hash, c.client, c.redirect_uri, c.challenge, c.jkt, c.nonce, c.expires_ms, c.used_ms"
_REFRESH = "r.hash, r.jkt, r.created_ms, r.expires_ms, r.used_ms"

# -- apps ----------------------------------------------------------------------------------------------------------

REMEMBER = f"""
INSERT INTO app (id, account, client, web_id, name, host, scope, created_ms, used_ms, ceiling, end_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, client, web_id) DO UPDATE SET
  name = excluded.name, host = excluded.host, scope = excluded.scope, used_ms = excluded.used_ms
RETURNING {_APP}
"""
APPS_OF = f"SELECT {_APP} FROM app WHERE account = ? ORDER BY used_ms DESC, id"
APPS_OF_CLIENT = f"SELECT {_APP} FROM app WHERE account = ? AND client = ? ORDER BY used_ms DESC, id"
FORGET = "DELETE FROM app WHERE id = ? AND account = ? RETURNING id"
FORGET_UNUSED = """
DELETE FROM app WHERE id IN (SELECT id FROM app WHERE used_ms < ? LIMIT ?) RETURNING id
"""
FORGET_ALL = "DELETE FROM app WHERE account = ?"
FORGET_AS = "DELETE FROM app WHERE account = ? AND web_id = ?"
USE_APP = "UPDATE app SET used_ms = ? WHERE id = ?"
LIMIT_APP = "UPDATE app SET ceiling = ?, end_ms = ? WHERE id = ? RETURNING id"

# -- grants --------------------------------------------------------------------------------------------------------

INSERT_GRANT = """
INSERT INTO access_grant (id, account, client, web_id, created_ms, app, session, scope, authenticated_ms, used_ms,
  ceiling, end_ms)
SELECT ?, s.account, ?, ?, ?, ?, s.id, ?, s.authenticated_ms, ?, ?, ? FROM web_session s WHERE s.id = ? RETURNING id
"""
GRANT = f"SELECT {_GRANT} FROM access_grant g {_OF_GRANT} WHERE g.id = ?"
USE_GRANT = "UPDATE access_grant SET used_ms = ? WHERE id = ?"
LIMIT_GRANT = "UPDATE access_grant SET ceiling = ?, end_ms = ? WHERE id = ? RETURNING id"
LIMIT_GRANTS_OF_APP = "UPDATE access_grant SET ceiling = ? WHERE app = ? AND revoked_ms IS NULL"
END_GRANTS_OF_APP = """
UPDATE access_grant SET end_ms = ? WHERE app = ? AND revoked_ms IS NULL AND (end_ms IS NULL OR end_ms > ?)
"""
REVOKE_GRANT = "UPDATE access_grant SET revoked_ms = ? WHERE id = ? AND revoked_ms IS NULL"
REVOKE_OF_APP = "UPDATE access_grant SET revoked_ms = ? WHERE app = ? AND revoked_ms IS NULL"
REVOKE_OF_ACCOUNT = """
UPDATE access_grant SET revoked_ms = ? WHERE account = ? AND app IS NOT NULL AND revoked_ms IS NULL
"""
REVOKE_AS = "UPDATE access_grant SET revoked_ms = ? WHERE account = ? AND web_id = ? AND revoked_ms IS NULL"
REVOKE_OF_SESSION = "UPDATE access_grant SET revoked_ms = ? WHERE session = ? AND revoked_ms IS NULL"
REVOKE_ONLINE_OF_SESSION = f"""{REVOKE_OF_SESSION} AND (
  ' ' || scope || ' ' NOT LIKE '% offline_access %'
  OR EXISTS (SELECT 1 FROM app p WHERE p.id = access_grant.app AND p.end_ms <= p.used_ms)
)"""

# -- authorization codes -------------------------------------------------------------------------------------------

INSERT_CODE = """
INSERT INTO authorization_code (hash, grant_id, client, redirect_uri, challenge, jkt, nonce, expires_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
CODE = f"""
SELECT {_GRANT}, {_CODE} FROM authorization_code c JOIN access_grant g ON g.id = c.grant_id {_OF_GRANT} WHERE c.hash = ?
"""
USE_CODE = "UPDATE authorization_code SET used_ms = ? WHERE hash = ?"

# -- refresh tokens ------------------------------------------------------------------------------------------------

INSERT_REFRESH = "INSERT INTO refresh_token (hash, grant_id, jkt, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?)"
REFRESH = f"""
SELECT {_GRANT}, {_REFRESH} FROM refresh_token r JOIN access_grant g ON g.id = r.grant_id {_OF_GRANT} WHERE r.hash = ?
"""
USE_REFRESH = "UPDATE refresh_token SET used_ms = ?, expires_ms = ? WHERE hash = ?"

# -- sweeping ------------------------------------------------------------------------------------------------------

SWEEP_CODES = """
DELETE FROM authorization_code WHERE hash IN (
  SELECT hash FROM authorization_code WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?
) RETURNING hash
"""
SWEEP_REFRESH = """
DELETE FROM refresh_token WHERE hash IN (
  SELECT hash FROM refresh_token WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?
) RETURNING hash
"""
SWEEP_GRANTS = """
DELETE FROM access_grant WHERE id IN (
  SELECT g.id FROM access_grant g WHERE g.app IS NOT NULL AND g.used_ms < ?
  AND NOT EXISTS (SELECT 1 FROM authorization_code c WHERE c.grant_id = g.id)
  AND NOT EXISTS (SELECT 1 FROM refresh_token r WHERE r.grant_id = g.id) LIMIT ?
) RETURNING id
"""
