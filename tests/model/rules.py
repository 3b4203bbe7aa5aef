"""Random access rules, in either language: few agents, apps and modes, so that rules contradict and complete each other.

Spec: WAC #authorization-conformance, #access-conditions; ACP s4
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol

MODES = ("Read", "Append", "Write", "Control")
SOME_MODES = (
    *(("Read",), ("Read",), ("Append",), ("Read", "Append"), ("Read", "Write"), ("Write",), ("Control",)),
    *(MODES, ()),
)
ELSEWHERE = "<https://elsewhere.example/>"

NAMESPACES = {
    "wac": {"acl": "http://www.w3.org/ns/auth/acl#", "foaf": "http://xmlns.com/foaf/0.1/"},
    "acp": {"acl": "http://www.w3.org/ns/auth/acl#", "acp": "http://www.w3.org/ns/solid/acp#"},
}

GROUP = "<%POD%m/group#friends>"
UNTIL = '<urn:freehold:until> "{}"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
FOR_LONG, OVER = UNTIL.format("2999-01-01T00:00:00Z"), UNTIL.format("2001-01-01T00:00:00Z")
CONDITIONS = (
    "a acl:ClientCondition; acl:client <%APP%>",
    "a acl:ClientCondition; acl:client <%APP%>",
    "a acl:ClientCondition; acl:client <%OTHER%>, <%OWN%>",
    "a acl:ClientCondition; acl:clientClass foaf:Agent",
    "a acl:ClientCondition; acl:clientGroup <%POD%m/group#apps>",
    "a acl:ClientCondition",
    "a acl:IssuerCondition; acl:issuer <%ISSUER%>",
    f"a acl:IssuerCondition; acl:issuer {ELSEWHERE}",
    "a acl:IssuerCondition; acl:issuerClass foaf:Agent",
    "a acl:IssuerCondition; acl:issuerGroup <%POD%m/group#issuers>",
    "a acl:ClientCondition, acl:IssuerCondition; acl:client <%APP%>; acl:issuer <%ISSUER%>",
    f"a <urn:freehold:TimeCondition>; {FOR_LONG}",
    f"a <urn:freehold:TimeCondition>; {OVER}",
    f"a <urn:freehold:TimeCondition>; {FOR_LONG}; {OVER}",
    "a <urn:freehold:TimeCondition>",
    f"a <https://elsewhere.example/#Condition>; acl:client {ELSEWHERE}",
    "a <https://elsewhere.example/#Condition>; acl:issuer <%ISSUER%>",
)
MATCHES = {
    "agent": ("<%BOB%>", "<%BOB%>", "<%ALICE%>", "acp:PublicAgent", "acp:AuthenticatedAgent", "acp:OwnerAgent"),
    "client": ("<%APP%>", "<%APP%>", "<%OTHER%>, <%OWN%>", "acp:PublicClient", "acp:AuthenticatedClient"),
    "issuer": ("<%ISSUER%>", ELSEWHERE, "acp:PublicIssuer", "acp:AuthenticatedIssuer"),
    "vc": ("<https://elsewhere.example/#Credential>",),
}


class Rules(Protocol):
    """Rules as text, a few at a time, and the statements that they are in a document about their subject."""

    language: str

    def usual(self) -> list[str]:
        """The owner may everything, the friend something."""
        ...

    def of_owner(self) -> str: ...

    def of_group(self) -> str:
        """What the members of a group, or whoever uses an app, may do: everything."""
        ...

    def any(self) -> str: ...

    def statements(self, rules: Sequence[str]) -> str: ...


class WACRules:
    """Authorizations."""

    language = "wac"

    def __init__(self, random: Random) -> None:
        self._random = random

    def usual(self) -> list[str]:
        return [self.of_owner(), self._rule("acl:agent <%BOB%>", ("Read", self._random.choice(("Append", "Write"))))]

    def of_owner(self) -> str:
        return self._rule("acl:agent <%ALICE%>", MODES)

    def of_group(self) -> str:
        return self._rule(f"acl:agentGroup {GROUP}", MODES)

    def any(self) -> str:
        whom = (
            *("acl:agent <%BOB%>", "acl:agent <%BOB%>", "acl:agentClass foaf:Agent", "acl:agentClass foaf:Agent"),
            *("acl:agentClass acl:AuthenticatedAgent", f"acl:agentGroup {GROUP}"),
            *("acl:agentGroup <%POD%m/group#others>", ""),
        )
        about, conditions = _about(self._random), _some(self._random)
        return self._rule(self._random.choice(whom), self._random.choice(SOME_MODES), *about, conditions=conditions)

    def statements(self, rules: Sequence[str]) -> str:
        return "\n".join(rules)

    def _rule(
        self,
        whom: str,
        modes: tuple[str, ...],
        access_to: bool = True,
        default: bool = True,
        *,
        conditions: Sequence[str] = (),
    ) -> str:
        url = "%SUBJECT%" if self._random.random() < 0.95 else "%POD%m/"
        said = [whom, f"acl:mode {_listed(modes)}" if modes else ""]
        said += [f"acl:accessTo <{url}>" * access_to, f"acl:default <{url}>" * default]
        said += [f"acl:condition [ {each} ]" for each in conditions]
        kind = "acl:Authorization" if self._random.random() < 0.97 else "acl:Something"
        return f"[] a {kind}; {'; '.join(filter(None, said))} ."


class ACPRules:
    """Access controls, each with a policy."""

    language = "acp"

    def __init__(self, random: Random) -> None:
        self._random = random

    def usual(self) -> list[str]:
        modes = ("Read", self._random.choice(("Append", "Write")))
        return [self.of_owner(), _control(f"acp:allow {_listed(modes)}; acp:anyOf [ acp:agent <%BOB%> ]")]

    def of_owner(self) -> str:
        whom = self._random.choice(("<%ALICE%>", "acp:OwnerAgent"))
        return _control(f"acp:allow {_listed(MODES)}; acp:allOf [ acp:agent {whom} ]")

    def of_group(self) -> str:
        return _control(f"acp:allow {_listed(MODES)}; acp:anyOf [ acp:client <%APP%> ]")

    def any(self) -> str:
        said = [f"acp:allow {_listed(self._modes())}"] * self._is(0.85)
        said += [f"acp:deny acl:{self._random.choice(MODES)}"] * self._is(0.3)
        said += [f"acp:anyOf {self._matcher()}" for _ in range(self._random.choice((0, 1, 1, 1, 2)))]
        said += [f"acp:allOf {self._matcher()}" for _ in range(self._random.choice((0, 0, 0, 1, 2)))]
        said += [f"acp:noneOf {self._matcher()}"] * self._is(0.4)
        return _control("; ".join(said), *_about(self._random))

    def statements(self, rules: Sequence[str]) -> str:
        """Their subject may be any node: what makes it the rules of a resource is `acp:resource`, and the document itself
        needs none.
        """
        subject = self._random.choice(("<>", "<#rules>", "[]"))
        said = ["a acp:AccessControlResource"] * self._is(0.5)
        said += [f"acp:resource <{'%SUBJECT%' if self._is(0.97) else '%POD%m/'}>"] * self._is(0.95)
        said += filter(None, rules)
        return f"{subject} {'; '.join(said)} ." if said else ""

    def _modes(self) -> tuple[str, ...]:
        return self._random.choice([each for each in SOME_MODES if each])

    def _matcher(self) -> str:
        chances = {"agent": 0.75, "client": 0.3, "issuer": 0.15, "vc": 0.04}
        names = [name for name, chance in chances.items() if self._is(chance)]
        values = {name: self._random.choice(MATCHES[name]) for name in names}
        if "agent" in values and self._is(0.3):
            values["agent"] = "acp:CreatorAgent"
        return f"[ {'; '.join(f'acp:{name} {value}' for name, value in values.items())} ]"

    def _is(self, chance: float) -> bool:
        return self._random.random() < chance


LANGUAGES: dict[str, type[WACRules | ACPRules]] = {"wac": WACRules, "acp": ACPRules}


def turtle_prefixes(language: str) -> str:
    return "".join(f"@prefix {name}: <{iri}>.\n" for name, iri in NAMESPACES[language].items())


def sparql_prefixes(language: str) -> str:
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in NAMESPACES[language].items())


def everything(language: str) -> str:
    """Rules that give all of a storage to its owner, and nothing to anybody else."""
    if language == "acp":
        policy = f"acp:allow {_listed(MODES)}; acp:anyOf [ acp:agent <%ALICE%> ]"
        return f"{turtle_prefixes(language)}<> acp:resource <%POD%>; {_control(policy)} ."
    whole = "acl:accessTo <%POD%>; acl:default <%POD%>"
    rule = f"[] a acl:Authorization; acl:agent <%ALICE%>; {whole}; acl:mode {_listed(MODES)} ."
    return turtle_prefixes(language) + rule


def _control(policy: str, own: bool = True, members: bool = True) -> str:
    kinds = ["acp:accessControl"] * own + ["acp:memberAccessControl"] * members
    return "; ".join(f"{kind} [ acp:apply [ {policy} ] ]" for kind in kinds)


def _listed(modes: Sequence[str]) -> str:
    return ", ".join(f"acl:{mode}" for mode in modes)


def _about(random: Random) -> tuple[bool, bool]:
    """Whether rules are for the resource itself, and for what is inside."""
    return random.choices(((True, True), (True, False), (False, True), (False, False)), weights=(40, 25, 25, 10))[0]


def _some(random: Random) -> list[str]:
    return random.sample(CONDITIONS, random.choices((0, 1, 2), weights=(50, 38, 12))[0])
