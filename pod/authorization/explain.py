"""Why an agent may, or may not, do something with a resource: the decision in words, for owners and operators.

Reads the store as it is now, and what an account let an app do. For `freehold explain`; what it says must not be shown
to strangers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from pod.authorization.authorize import Authorizer
from pod.authorization.decision import Decision
from pod.errors import BadRequest, NotFound
from pod.protocol.agent import Credentials
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import Target
from pod.store.accounts import Accounts
from pod.store.apps import Apps
from pod.store.interface import ResourceStore
from pod.store.records import GrantState

MODES = {name: mode for mode in AccessMode for name in mode.names()}


class Collaborators(Protocol):
    """What of the server's services is needed here."""

    @property
    def store(self) -> ResourceStore: ...
    @property
    def authorizer(self) -> Authorizer: ...
    @property
    def placement(self) -> Placement: ...


def explain(services: Collaborators, who: Credentials, mode: str, url: str) -> str:
    """May `who` use `mode` on `url`, and which rules say so?

    Raises: BadRequest -- no such mode; NotFound -- not a URL of a storage here; MalformedTarget
    """
    if mode.lower() not in MODES:
        raise BadRequest(f"{mode} is not an access mode; say {', '.join(MODES)}.")
    path = services.placement.local_path(url)
    if path is None:
        raise NotFound(f"{url} is not in a storage of this server.")
    snapshot = services.store.describe(Target.parse(path), with_body=False)
    if snapshot.storage is None:
        raise NotFound(f"{url} is not in a storage of this server.")
    limits = _limits(services.store, who)
    if limits is not None:
        snapshot, who = replace(snapshot, grant=limits), replace(who, grant=limits.id)
    decision = services.authorizer.decide(services.store, snapshot, who, may_wait=True)
    return "\n".join(_lines(who.agent, mode.lower(), url, decision, exists=snapshot.state is not None))


def _limits(store: ResourceStore, who: Credentials) -> GrantState | None:
    """What the agent's account lets the client do at most, like a grant made now; None where it knows no such one."""
    account = None if who.agent is None else Accounts(store).web_id_account(who.agent)
    if account is None or who.agent is None or who.client is None:
        return None
    apps = Apps(store)
    found = [app.ceiling for app in apps.of_client(account.id, who.client) if app.web_id == who.agent]
    credential = Accounts(store).client(who.client)
    if credential is not None and credential.web_id == who.agent:
        grant = apps.grant(credential.grant)
        found += [grant.ceiling] if grant else []
    return GrantState("", who.agent, who.client, True, account.id, found[0]) if found else None


def _lines(agent: str | None, mode: str, url: str, decision: Decision, *, exists: bool) -> list[str]:
    who = f"<{agent}>" if agent else "Anybody"
    verdict = "may" if MODES[mode] in decision.modes else "may not"
    note = "" if exists else " (nothing is there now)"
    lines = [f"{who} {verdict} {mode} <{url}>{note}."]
    lines += [f"  {reason}" for reason in decision.reasons] or ["  No rule gives this agent anything."]
    if decision.ceiling is not None:
        most = ", ".join(decision.ceiling.names()) or "nothing"
        lines.append(f"  The app was given {most} here, beside what everybody may.")
    if decision.withheld:
        lines.append(f"  Through other apps, the same agent may {', '.join(decision.granted.names())}.")
    how = "inherited from there" if decision.inherited else "its own"
    lines.append(
        f"  ACL in force: <{decision.acl}>, {how}." if decision.acl else "  There is no ACL: run freehold fsck."
    )
    lines += [f"  And of what is above: <{acl}>." for acl in decision.above]
    return lines
