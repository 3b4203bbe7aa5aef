"""Apps that accounts allowed to act for them, and what each was given: grants, authorization codes, refresh tokens.

Of codes and refresh tokens only hashes come in and go out. Every change is made in a `Writer` the caller opened. What a
request under a grant may do is not decided here: the store reads the grant with the resource, so it falls at once.

Spec: RFC 6749 s4.1.2, s6; RFC 9700 s4.14
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from pod.db.connection import Row
from pod.store import app_statements as sql
from pod.store.interface import Queries, Writer

DAY_MS = 24 * 3600 * 1000
REMEMBERED_MS = 7 * DAY_MS
"""How long what was used up or ended is known, so that using it again is noticed."""
SWEPT_AT_ONCE_MAX = 1000
_GRANT_COLUMNS = 10


@dataclass(frozen=True, slots=True)
class App:
    """What is remembered of a consent: this client may act as this WebID, with this scope."""

    id: str
    account: int
    client: str
    web_id: str
    name: str
    host: str
    scope: str
    created_ms: int
    used_ms: int


@dataclass(frozen=True, slots=True)
class AppGrant:
    """One sign-in of an app; of a client credential where there is no `app`. Tokens name it and fall with it."""

    id: str
    account: int
    client: str
    web_id: str
    app: str | None
    session: str | None
    scope: str
    authenticated_ms: int | None
    created_ms: int
    stands: bool


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code that was given out, with what its redemption must show."""

    grant: AppGrant
    hash: str = field(repr=False)
    client: str
    redirect_uri: str
    challenge: str
    jkt: str | None
    nonce: str | None
    expires_ms: int
    used_ms: int | None


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token that was given out. `jkt` is the key it is bound to: a public client's."""

    grant: AppGrant
    hash: str = field(repr=False)
    jkt: str | None
    created_ms: int
    expires_ms: int
    used_ms: int | None


class Apps:
    """Reads through `queries` (a store, or a Writer to see its own changes); changes in the Writer each is given."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    # -- apps ----------------------------------------------------------------------------------------------

    def of_account(self, account: int) -> tuple[App, ...]:
        """The one used last first."""
        return tuple(App(*row) for row in self._queries.rows(sql.APPS_OF, (account,)))

    def of_client(self, account: int, client: str) -> tuple[App, ...]:
        """What an account allowed one client: an app a WebID, the one used last first."""
        return tuple(App(*row) for row in self._queries.rows(sql.APPS_OF_CLIENT, (account, client)))

    def remember(self, tx: Writer, account: int, client: str, web_id: str, *, name: str, host: str, scope: str) -> App:
        """A new app, or the one it is already with this name, host and scope."""
        values = (secrets.token_urlsafe(16), account, client, web_id, name, host, scope, tx.now_ms, tx.now_ms)
        return App(*tx.rows(sql.REMEMBER, values)[0])

    def forget(self, tx: Writer, account: int, app: str) -> bool:
        """Revokes an account's app with all its grants. False: the account has no such app."""
        if not tx.rows(sql.FORGET, (app, account)):
            return False
        tx.rows(sql.REVOKE_OF_APP, (tx.now_ms, app))
        return True

    def forget_as(self, tx: Writer, account: int, web_id: str) -> None:
        """Revokes all that may act as one WebID of an account, and forgets the apps."""
        tx.rows(sql.FORGET_AS, (account, web_id))
        tx.rows(sql.REVOKE_AS, (tx.now_ms, account, web_id))

    def forget_unused(self, tx: Writer, used_before_ms: int) -> int:
        """Revokes apps that nobody used since, so many at most. Gives how many."""
        unused = tx.rows(sql.FORGET_UNUSED, (used_before_ms, SWEPT_AT_ONCE_MAX))
        for (app,) in unused:
            tx.rows(sql.REVOKE_OF_APP, (tx.now_ms, app))
        return len(unused)

    # -- grants --------------------------------------------------------------------------------------------

    def grant(self, grant: str) -> AppGrant | None:
        """Revoked ones too: whoever asks looks at `stands`."""
        rows = self._queries.rows(sql.GRANT, (grant,))
        return _grant(rows[0]) if rows else None

    def add_grant(self, tx: Writer, app: App, session: str, scope: str) -> str | None:
        """A grant made in a session that is still there, whose sign-in it repeats; None where it is not."""
        key = secrets.token_urlsafe(16)
        values = (key, app.client, app.web_id, tx.now_ms, app.id, scope, tx.now_ms, session)
        return key if tx.rows(sql.INSERT_GRANT, values) else None

    def use_grant(self, tx: Writer, grant: AppGrant) -> None:
        """Something is given out under it now."""
        tx.rows(sql.USE_GRANT, (tx.now_ms, grant.id))
        if grant.app is not None:
            tx.rows(sql.USE_APP, (tx.now_ms, grant.app))

    def revoke_grant(self, tx: Writer, grant: str) -> None:
        tx.rows(sql.REVOKE_GRANT, (tx.now_ms, grant))

    def revoke_grants_of_session(self, tx: Writer, session: str, *, offline_too: bool) -> None:
        """Ends what apps were given in a session; without `offline_too`, not what outlives a sign-out."""
        tx.rows(sql.REVOKE_OF_SESSION if offline_too else sql.REVOKE_ONLINE_OF_SESSION, (tx.now_ms, session))

    def revoke_grants_of_account(self, tx: Writer, account: int) -> None:
        """Ends what apps were given by an account. Client credentials are not apps: they have grants of their own."""
        tx.rows(sql.REVOKE_OF_ACCOUNT, (tx.now_ms, account))

    # -- authorization codes -------------------------------------------------------------------------------

    def add_code(
        self,
        tx: Writer,
        code_hash: str,
        *,
        grant: str,
        client: str,
        redirect_uri: str,
        challenge: str,
        jkt: str | None,
        nonce: str | None,
        seconds: int,
    ) -> None:
        expires_ms = tx.now_ms + seconds * 1000
        tx.rows(sql.INSERT_CODE, (code_hash, grant, client, redirect_uri, challenge, jkt, nonce, expires_ms))

    def code(self, code_hash: str) -> AuthorizationCode | None:
        """Used and expired ones too, for a while."""
        rows = self._queries.rows(sql.CODE, (code_hash,))
        return AuthorizationCode(_grant(rows[0]), *rows[0][_GRANT_COLUMNS:]) if rows else None

    def use_code(self, tx: Writer, code: AuthorizationCode) -> None:
        tx.rows(sql.USE_CODE, (tx.now_ms, code.hash))

    # -- refresh tokens ------------------------------------------------------------------------------------

    def add_refresh_token(self, tx: Writer, token_hash: str, *, grant: str, jkt: str | None, expires_ms: int) -> None:
        tx.rows(sql.INSERT_REFRESH, (token_hash, grant, jkt, tx.now_ms, expires_ms))

    def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """Used and expired ones too, for a while."""
        rows = self._queries.rows(sql.REFRESH, (token_hash,))
        return RefreshToken(_grant(rows[0]), *rows[0][_GRANT_COLUMNS:]) if rows else None

    def use_refresh_token(self, tx: Writer, token: RefreshToken) -> None:
        expires_ms = min(token.expires_ms, tx.now_ms + REMEMBERED_MS)
        tx.rows(sql.USE_REFRESH, (tx.now_ms, expires_ms, token.hash))

    # -- sweeping ------------------------------------------------------------------------------------------

    def sweep(self, tx: Writer, now_ms: int) -> int:
        """Removes codes and refresh tokens that are dead, and grants nothing alive can name: so many at most, of each.

        Gives how many went; when that is a whole `SWEPT_AT_ONCE_MAX`, there may be more.
        """
        codes = tx.rows(sql.SWEEP_CODES, (now_ms - REMEMBERED_MS, SWEPT_AT_ONCE_MAX))
        tokens = tx.rows(sql.SWEEP_REFRESH, (now_ms, SWEPT_AT_ONCE_MAX))
        grants = tx.rows(sql.SWEEP_GRANTS, (now_ms - REMEMBERED_MS, SWEPT_AT_ONCE_MAX))
        return len(codes) + len(tokens) + len(grants)


def _grant(row: Row) -> AppGrant:
    key, account, client, web_id, app, session, scope, authenticated_ms, created_ms, stands = row[:_GRANT_COLUMNS]
    return AppGrant(key, account, client, web_id, app, session, scope, authenticated_ms, created_ms, stands == 1)
