"""The languages of access rules, for the permission table: how the modes of a case are written down in each.

`rules` gives an owner everything on a resource and whatever is in it; a friend (None: everyone) modes `here` on the resource
and `inside` on what is in it. What the friend has from above and shall not have here is `taken`: nearest rules replace
those above them in Web Access Control, while in Access Control Policy all count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.client import acl, authorization

MODES = {"R": "Read", "A": "Append", "W": "Write", "C": "Control"}

ACP_PREFIXES = "@prefix acl: <http://www.w3.org/ns/auth/acl#>.\n@prefix acp: <http://www.w3.org/ns/solid/acp#>.\n"


@dataclass(frozen=True)
class Friend:
    """Who holds the modes of a case, and how they come: as the token says."""

    web_id: str
    client: str
    issuer: str


def words(modes: str) -> str:
    return " ".join(MODES[mode] for mode in modes)


class WebAccessControl:
    """The rules of one ACL replace those of all above it."""

    name = "wac"

    def rules(self, owner: str, friend: Friend | None, url: str, here: str, inside: str, *, taken: str = "") -> str:
        del taken
        is_container = url.endswith("/")
        rules = [authorization(url, "Read Write Control", agents=(owner,), default=is_container)]
        rules += [self._given(friend, url, here)] if here else []
        if is_container and inside:
            rules.append(self._given(friend, url, inside, access_to=False, default=True))
        return acl(*rules)

    def _given(self, friend: Friend | None, url: str, modes: str, **reach: bool) -> str:
        who = {"agents": (friend.web_id,)} if friend else {"public": True}
        return authorization(url, words(modes), **who, **reach)


class Conditions(WebAccessControl):
    """The friend's rules under conditions that hold, and a rule for everything under one that does not."""

    name = "wac-conditions"

    def _given(self, friend: Friend | None, url: str, modes: str, **reach: bool) -> str:
        met = _CLIENT.format("acl:clientClass foaf:Agent") + ", " + _ISSUER.format("acl:issuerClass foaf:Agent")
        if friend:
            met = (
                _CLIENT.format(f'acl:client "{friend.client}"') + ", " + _ISSUER.format(f"acl:issuer <{friend.issuer}>")
            )
        unmet = f"{met}, {_CLIENT.format('acl:client <https://other.example/id>')}"
        given = super()._given(friend, url, modes, **reach)
        everything = super()._given(friend, url, "RWC", **reach)
        return under(given, met) + "\n" + under(everything, unmet)


_CLIENT = "[ a acl:ClientCondition; {} ]"
_ISSUER = "[ a acl:IssuerCondition; {} ]"


def under(rule: str, conditions: str) -> str:
    """The same authorization under conditions."""
    return rule.replace("acl:mode", f"acl:condition {conditions}; acl:mode")


class AccessControlPolicy:
    """All policies from the resource up to the root count, and what one denies stays denied."""

    name = "acp"

    def rules(self, owner: str, friend: Friend | None, url: str, here: str, inside: str, *, taken: str = "") -> str:
        own = [policy("Read Write Control", agent(owner)), *self._given(owner, friend, here, taken)]
        members = [policy("Read Write Control", agent(owner)), *self._given(owner, friend, inside, "")]
        return acr(url, own, members if url.endswith("/") else ())

    def _given(self, owner: str, friend: Friend | None, modes: str, taken: str) -> list[str]:
        who = agent(friend.web_id) if friend else "acp:agent acp:PublicAgent"
        denied = "".join(mode for mode in taken if mode not in modes)
        found = [policy(words(modes), who)] if modes else []
        return found + ([policy("", who, deny=words(denied), none_of=agent(owner))] if denied else [])


def agent(*web_ids: str) -> str:
    return f"acp:agent {', '.join(f'<{each}>' for each in web_ids)}"


def policy(allow: str, any_of: str, *, deny: str = "", none_of: str = "") -> str:
    """A policy in Turtle, of one matcher each, whose attributes are Turtle too."""
    statements = [f"acp:allow {', '.join(f'acl:{mode}' for mode in allow.split())}"] if allow else []
    statements += [f"acp:deny {', '.join(f'acl:{mode}' for mode in deny.split())}"] if deny else []
    statements += [f"acp:anyOf [ a acp:Matcher; {any_of} ]"] if any_of else []
    statements += [f"acp:noneOf [ a acp:Matcher; {none_of} ]"] if none_of else []
    return f"[ {'; '.join(['a acp:Policy', *statements])} ]"


def acr(url: str, own: Sequence[str] = (), members: Sequence[str] = (), more: str = "") -> str:
    """The Turtle of an access control resource; policies are blank nodes in it."""
    reach = [f"acp:accessControl [ acp:apply {each} ]" for each in own]
    reach += [f"acp:memberAccessControl [ acp:apply {each} ]" for each in members]
    return f"{ACP_PREFIXES}[] {'; '.join(['a acp:AccessControlResource', f'acp:resource <{url}>', *reach])}.\n{more}"
