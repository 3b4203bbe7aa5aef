"""Apps that accounts allowed to act for them, and what each was given: grants, authorization codes, refresh tokens.

Of codes and refresh tokens only hashes come in and go out. Every change is made in a `Writer` the caller opened. What a
request under a grant may do is not decided here: the store reads the grant with the resource, so it falls at once, and
so does what it allows at most.

Spec: RFC 6749 s4.1.2, s6; RFC 9700 s4.14
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from pod.db.connection import Row
from pod.protocol.ceiling import Ceiling
from pod.store import app_statements as sql
from pod.store.interface import Queries, Writer

DAY_MS = 24 * 3600 * 1000
REMEMBERED_MS = 7 * DAY_MS
"""How long what was used up or ended is known, so that using it again is noticed."""
SWEPT_AT_ONCE_MAX = 1000
ONCE_MS = DAY_MS
"""How long an app may act that was let in just this once; it ends before that with the session it was let in in."""
_GRANT_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class App:
    """What is remembered of a consent: this client may act as this WebID, with this scope, and with all the account can
    do unless there is a `ceiling`; until `end_ms`, if it has one.
    """

    id: str
    account: int
    client: str
    web_id: str
    name: str
    host: str
    scope: str
    created_ms: int
    used_ms: int
    ceiling: Ceiling | None = None
    end_ms: int | None = None

    @property
    def is_once(self) -> bool:
        """Whether it was let in for one time: it was to ask again from that very moment on."""
        return self.end_ms is not None and self.end_ms <= self.used_ms

    @property
    def over_ms(self) -> int | None:
        """When all that it was given is over, at the latest. None is never."""
        return self.end_ms + ONCE_MS if self.end_ms is not None and self.is_once else self.end_ms

    def holds(self, now_ms: int) -> bool:
        """Whether the consent still answers for a new sign-in. One that was given just once never does."""
        return self.end_ms is None or self.end_ms > now_ms


@dataclass(frozen=True, slots=True)
class AppGrant:
    """One sign-in of an app; of a client credential where there is no `app`. Tokens name it and fall with it.

    `ceiling` and `end_ms` as in `App`; past its end it does not stand.
    """

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
    ceiling: Ceiling | None = None
    end_ms: int | None = None


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
        return tuple(_app(row) for row in self._queries.rows(sql.APPS_OF, (account,)))

    def of_client(self, account: int, client: str) -> tuple[App, ...]:
        """What an account allowed one client: an app a WebID, the one used last first."""
        return tuple(_app(row) for row in self._queries.rows(sql.APPS_OF_CLIENT, (account, client)))

    def remember(
        self,
        tx: Writer,
        account: int,
        client: str,
        web_id: str,
        *,
        name: str,
        host: str,
        scope: str,
        ceiling: Ceiling | None = None,
        end_ms: int | None = None,
    ) -> App:
        """A new app with all this, or the one it is already with this name, host and scope: of that one, only `limit`
        changes the ceiling and the end.
        """
        described = (secrets.token_urlsafe(16), account, client, web_id, name, host, scope, tx.now_ms, tx.now_ms)
        return _app(tx.rows(sql.REMEMBER, (*described, _text(ceiling), end_ms))[0])

    def limit(self, tx: Writer, app: str, ceiling: Ceiling | None, end_ms: int | None) -> bool:
        """From now on the app and all its grants that stand may do at most this (None: all that its account can), and
        until then. An end that has come is one consent for once: grants keep the ends they have. False: no such app.
        """
        text = _text(ceiling)
        if not tx.rows(sql.LIMIT_APP, (text, end_ms, app)):
            return False
        tx.rows(sql.LIMIT_GRANTS_OF_APP, (text, app))
        if end_ms is None or end_ms > tx.now_ms:
            tx.rows(sql.END_GRANTS_OF_APP, (end_ms, app, tx.now_ms))
        return True

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
        return self._grant(rows[0]) if rows else None

    def add_grant(self, tx: Writer, app: App, session: str, scope: str, *, once: bool = False) -> str | None:
        """A grant made in a session that is still there, whose sign-in it repeats; None where it is not. It allows what
        the app may do, and ends when that does; `once`: after a day, whatever is remembered of the app.
        """
        key, end_ms = secrets.token_urlsafe(16), tx.now_ms + ONCE_MS if once else app.end_ms
        limits = (_text(app.ceiling), end_ms)
        values = (key, app.client, app.web_id, tx.now_ms, app.id, scope, tx.now_ms, *limits, session)
        return key if tx.rows(sql.INSERT_GRANT, values) else None

    def limit_grant(self, tx: Writer, grant: str, ceiling: Ceiling | None, end_ms: int | None) -> bool:
        """The same as `limit` for one grant: that of a client credential. False: no such grant."""
        return bool(tx.rows(sql.LIMIT_GRANT, (_text(ceiling), end_ms, grant)))

    def use_grant(self, tx: Writer, grant: AppGrant) -> None:
        """Something is given out under it now."""
        tx.rows(sql.USE_GRANT, (tx.now_ms, grant.id))
        if grant.app is not None:
            tx.rows(sql.USE_APP, (tx.now_ms, grant.app))

    def revoke_grant(self, tx: Writer, grant: str) -> None:
        tx.rows(sql.REVOKE_GRANT, (tx.now_ms, grant))

    def revoke_grants_of_session(self, tx: Writer, session: str, *, offline_too: bool) -> None:
        """Ends what apps were given in a session; without `offline_too`, not what outlives a sign-out. What was given
        just once never does.
        """
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
        return AuthorizationCode(self._grant(rows[0]), *rows[0][_GRANT_COLUMNS:]) if rows else None

    def use_code(self, tx: Writer, code: AuthorizationCode) -> None:
        tx.rows(sql.USE_CODE, (tx.now_ms, code.hash))

    # -- refresh tokens ------------------------------------------------------------------------------------

    def add_refresh_token(self, tx: Writer, token_hash: str, *, grant: str, jkt: str | None, expires_ms: int) -> None:
        tx.rows(sql.INSERT_REFRESH, (token_hash, grant, jkt, tx.now_ms, expires_ms))

    def refresh_token(self, token_hash: str) -> RefreshToken | None:
        """Used and expired ones too, for a while."""
        rows = self._queries.rows(sql.REFRESH, (token_hash,))
        return RefreshToken(self._grant(rows[0]), *rows[0][_GRANT_COLUMNS:]) if rows else None

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

    def _grant(self, row: Row) -> AppGrant:
        *described, stands, ceiling, end_ms = row[:_GRANT_COLUMNS]
        described.append(stands == 1 and (end_ms is None or end_ms > self._queries.now_ms))
        return AppGrant(*described, *_limits(ceiling, end_ms))


def _app(row: Row) -> App:
    *described, ceiling, end_ms = row
    return App(*described, *_limits(ceiling, end_ms))


def _limits(text: str | None, end_ms: int | None) -> tuple[Any, ...]:
    return None if text is None else Ceiling.from_text(text), end_ms


def _text(ceiling: Ceiling | None) -> str | None:
    return None if ceiling is None else ceiling.to_text()
