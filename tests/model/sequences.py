"""Random sequences of requests by two agents, each with two apps, and by nobody: few names and small documents, so that
they meet often.

Drawn from a seed and nothing else, so the same seed is the same sequence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from random import Random

from tests.model.asks import Ask
from tests.model.model_paths import ACL, DESCRIPTION, subject_of
from tests.model.rules import LANGUAGES, Rules, everything, sparql_prefixes, turtle_prefixes

TURTLE, JSON_LD, N_TRIPLES, PLAIN = "text/turtle", "application/ld+json", "application/n-triples", "text/plain"
N3, SPARQL = "text/n3", "application/sparql-update"
BASIC = '<http://www.w3.org/ns/ldp#BasicContainer>; rel="type"'
DIRECT = '<http://www.w3.org/ns/ldp#DirectContainer>; rel="type"'
MINIMAL = 'return=representation; include="http://www.w3.org/ns/ldp#PreferMinimalContainer"'

AGENTS = ("alice", "alice-too", "bob", "bob-too", "nobody")
CONTAINERS = ("m/", "m/box/", "m/box/in/", "m/new/")
DOCUMENTS = ("m/a", "m/b", "m/c.ttl", "m/t.txt", "m/box/d", "m/box/t", "m/box/in/e", "m/new/deep/f", "m/group")
TWINS = ("m/a/", "m/box", "m/box/in", "m/new", "m/t.txt/")
ODD = ("m/a.acl.acl", "m/a.meta.acl", ".hidden", "m/x%2Fy", "m//x", "m/box.acl/x")
LIKELY = {
    "_get": ("m/a", "m/box/d", "m/t.txt", "m/t.txt", "m/box/t", "m/", "m/box/", "m/box/in/", ""),
    "_put": ("m/a", "m/b", "m/t.txt", "m/box/t", "m/box/in/e"),
    "_post": ("m/", "m/box/", "m/new/", "inbox/"),
    "_patch": (
        "m/a",
        "m/a",
        "m/b",
        "m/c.ttl",
        "m/box/d",
        "m/box/d",
        "m/box/.meta",
        "m/a.meta",
        "m/new/deep/f",
        "m/box/.acl",
    ),
    "_delete": ("m/a", "m/b", "m/t.txt", "m/box/d", "m/box/t", "m/box/in/e", "m/box/in/", "m/new/"),
    "_options": ("m/a", "m/box/", "m/t.txt", "m/new/"),
}
"""Where each verb finds something to do."""
SLUGS = ("a", "new", "photo.txt", "d", "x.acl", "a/b", ".", "%20 ", "täst")

ACCEPTS = (
    *(None, None, TURTLE, N_TRIPLES, N_TRIPLES, N_TRIPLES, JSON_LD, "*/*", "text/*", "application/n-quads"),
    *(f"{TURTLE};q=0.5, {JSON_LD}", "image/png", PLAIN, f"{PLAIN}, {N_TRIPLES};q=0.2", "text/html", "*/*;q=0"),
)
RANGES = ("bytes=0-3", "bytes=2-", "bytes=-2", "bytes=999999-", "bytes=5-2", "bytes=0-1,3-4", "items=0-1", "bytes=-0")

PREFIXES = "@prefix ex: <http://example.org/>.\n"
VCARD = "@prefix vcard: <http://www.w3.org/2006/vcard/ns#>.\n"
PATCH = "@prefix solid: <http://www.w3.org/ns/solid/terms#>.\n@prefix ex: <http://example.org/>.\n"


def sequence(seed: int, length: int, language: str = "wac") -> list[Ask]:
    """The asks of one episode: a few that make something to work with, then whatever comes."""
    drawn = Sequence(Random(seed), language)
    asks = list(drawn.beginning())
    while len(asks) < length:
        asks += drawn.some()
    return asks[:length]


def audit(paths: list[str], first: int, language: str = "wac") -> Iterator[Ask]:
    """Everything that should exist, seen by its owner: rules of parts go, so that those of the whole reach all of it."""
    numbers = count(first)
    yield Ask(next(numbers), "alice", "PUT", ACL, {"Content-Type": TURTLE}, everything(language))
    for path in sorted(path for path in paths if path.endswith(ACL) and path != ACL):
        yield Ask(next(numbers), "alice", "DELETE", path)
    for path in sorted(path for path in paths if not path.endswith(ACL) or path == ACL):
        yield Ask(next(numbers), "alice", "GET", path, {"Accept": f"{N_TRIPLES}, */*;q=0.1"})


class Sequence:
    """Draws asks, and remembers what it asked to be made."""

    def __init__(self, random: Random, language: str) -> None:
        self._random = random
        self._rules: Rules = LANGUAGES[language](random)
        self._numbers = count(1)
        self._posts: list[int] = []

    def beginning(self) -> Iterator[Ask]:
        """By the owner, in most episodes: documents of each kind, and a container that a friend may use."""
        yield self._put_acl("m/.acl", by="alice", rules=self._rules.usual())
        for path in ("m/a", "m/box/d", "m/t.txt"):
            yield self._put(path, by="alice")
        yield self._put_acl("m/.acl", by="alice", rules=self._rules.usual())
        yield self._put_group(by="alice")

    def some(self) -> list[Ask]:
        """One ask, or a write and somebody looking at what came of it."""
        if self._random.random() < 0.1:
            return self._members_tried() if self._random.random() < 0.2 else self._rules_tried()
        verbs = {self._get: 30, self._put: 24, self._post: 10, self._patch: 20, self._delete: 10, self._options: 4}
        draw = self._random.choices(list(verbs), weights=list(verbs.values()))[0]
        is_likely = self._random.random() < 0.5
        ask = draw(self._random.choice(LIKELY[draw.__name__]) if is_likely else self._path())
        if ask.method not in {"GET", "HEAD", "OPTIONS"} and self._random.random() < 0.4:
            return [ask, self._look(ask)]
        return [ask]

    def _rules_tried(self) -> list[Ask]:
        """New rules for something, or the end of its rules, and others trying what these let them do with it."""
        subject = self._random.choice(("m/", "m/box/", "m/box/", "m/box/in/", "m/a", "m/box/d", "m/t.txt", ""))
        inside = [path for path in (*CONTAINERS, *DOCUMENTS) if path.startswith(subject or "m/")]
        write = self._put_acl(subject + ACL) if self._random.random() < 0.8 else self._delete(subject + ACL)
        asks = [replace(write, by="alice")]
        for _ in range(self._random.choice((1, 2, 3, 4))):
            draw = self._random.choice(
                (self._get, self._get, self._put, self._put, self._post, self._patch, self._delete)
            )
            path = subject if self._random.random() < 0.4 else self._random.choice(inside)
            if draw == self._put and subject.endswith("/"):
                path = subject + self._random.choice(("x", "y", "y/z"))
            asks.append(replace(draw(path), by=self._random.choice(("bob", "bob", "bob-too", "nobody"))))
        return asks

    def _members_tried(self) -> list[Ask]:
        """A group may use something, then has other members; the friend tries each time."""
        subject = self._random.choice(("m/box/", "m/a", "m/box/d"))
        rules = [self._rules.of_owner(), self._rules.of_group()]
        asks = [self._put_acl(subject + ACL, "alice", rules), self._put_group("alice")]
        for _ in range(3):
            draw = self._random.choice((self._get, self._get, self._patch, self._put))
            by = self._random.choice(("bob", "bob", "bob-too"))
            asks += [replace(draw(subject), by=by), self._put_group("alice")]
        return asks

    # -- parts -------------------------------------------------------------------------------------------------------

    def _ask(self, by: str | None, method: str, path: str, headers: dict[str, str | None], content: str | None) -> Ask:
        seconds = self._random.choice((0, 0, 0, 1, 1, 7))
        sent = {name: value for name, value in headers.items() if value is not None}
        return Ask(next(self._numbers), by or self._agent(), method, path, sent, content, seconds)

    def _agent(self) -> str:
        return self._random.choices(AGENTS, weights=(50, 8, 22, 8, 12))[0]

    def _maybe(self, chance: float, value: str) -> str | None:
        return value if self._random.random() < chance else None

    def _path(self) -> str:
        path = self._random.choices(
            (self._random.choice(DOCUMENTS), self._random.choice(CONTAINERS), self._made(), *self._rare()),
            weights=(48, 24, 14, 6, 4, 2),
        )[0]
        if self._random.random() < 0.14:
            return subject_of(path) + self._random.choice((ACL, ACL, DESCRIPTION))
        return path

    def _rare(self) -> tuple[str, str, str]:
        return (
            self._random.choice(TWINS),
            self._random.choice(("", "profile/card", "inbox/", "settings/")),
            self._random.choice(ODD),
        )

    def _made(self) -> str:
        """What a POST made, if it made it, or something in it if it is a container."""
        if not self._posts:
            return "m/a"
        return f"@{self._random.choice(self._posts[-6:])}" + self._random.choice(("", "", "", "x"))

    def _conditions(self, path: str, *, reading: bool) -> dict[str, str | None]:
        """A condition or two now and then, on what was seen of this path or another."""
        if self._random.random() > (0.35 if reading else 0.25):
            return {}
        other = self._random.choice((path, path, path, path, "m/a"))
        tags = [f"%TAG {path}%", f"%TAG {path}%", f"%OLD {other}%", f"W/%TAG {path}%", "*", f'"no", %TAG {path}%']
        dates = [f"%DATE {path}%", "Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "yesterday"]
        values = {
            "If-Match": tags,
            "If-None-Match": tags,
            "If-Modified-Since": dates,
            "If-Unmodified-Since": dates,
        }
        names = self._random.choices(list(values), weights=(30, 40, 15, 15), k=self._random.choice((1, 1, 1, 1, 1, 2)))
        return {name: self._random.choice(values[name]) for name in names}

    # -- reading -----------------------------------------------------------------------------------------------------

    def _get(self, path: str) -> Ask:
        method = self._random.choice(("GET", "GET", "GET", "HEAD"))
        is_text = path.endswith((".txt", "/t"))
        accepts = (None, None, PLAIN, "*/*", TURTLE) if is_text else ACCEPTS
        headers: dict[str, str | None] = {"Accept": self._random.choice(accepts)}
        conditions = self._conditions(path, reading=True)
        if conditions and self._random.random() < 0.6:
            headers = {}
        headers |= conditions
        if self._random.random() < (0.6 if is_text else 0.1):
            headers = headers if self._random.random() < 0.3 else {}
            headers["Range"] = self._random.choice(RANGES)
            headers["If-Range"] = self._maybe(0.4, self._random.choice((f"%TAG {path}%", f"%OLD {path}%")))
        headers["Prefer"] = self._maybe(0.05, MINIMAL)
        return self._ask(None, method, path, headers, None)

    def _look(self, ask: Ask) -> Ask:
        """At what was written, or at the container it is in."""
        path = f"@{ask.number}" if ask.method == "POST" else ask.path
        if self._random.random() < 0.4 and not path.startswith("@"):
            path = path[: path.rstrip("/").rfind("/") + 1]
        by = self._random.choice(("alice", "alice", ask.by))
        return self._ask(by, "GET", path, {"Accept": self._random.choice((N_TRIPLES, None))}, None)

    def _options(self, path: str) -> Ask:
        return self._ask(None, "OPTIONS", path, {}, None)

    # -- writing -----------------------------------------------------------------------------------------------------

    def _put(self, path: str, by: str | None = None) -> Ask:
        if path.endswith(ACL):
            return self._put_acl(path, by)
        if path == "m/group":
            return self._put_group(by)
        if path == "profile/card":
            return self._put_profile(by)
        headers = self._conditions(path, reading=False) if by is None else {}
        media_type, content = self._content(path)
        link = self._maybe(0.6 if path.endswith("/") else 0.03, BASIC)
        headers |= {"Content-Type": media_type, "Link": link, "Content-Range": self._maybe(0.01, "bytes 0-1/9")}
        return self._ask(by, "PUT", path, headers, content)

    def _content(self, path: str) -> tuple[str | None, str | None]:
        """A media type and content that goes with it, for the most part."""
        if path.endswith("/") and self._random.random() < 0.6:
            return None, None
        is_rdf = path.endswith((DESCRIPTION, "/", ".ttl")) or not path.endswith((".txt", "/t"))
        kinds = (TURTLE, JSON_LD, N_TRIPLES, PLAIN, "bad", "typeless", "charset")
        kind = self._random.choices(kinds, weights=(50, 12, 8, 6, 8, 4, 4) if is_rdf else (8, 2, 2, 70, 2, 4, 2))[0]
        text = self._text()
        makers: dict[str, Callable[[], tuple[str | None, str | None]]] = {
            TURTLE: lambda: (TURTLE, self._turtle(0.25 if path.endswith(("/", DESCRIPTION)) else 0.02)),
            JSON_LD: lambda: (JSON_LD, self._json_ld()),
            N_TRIPLES: lambda: (N_TRIPLES, self._n_triples()),
            PLAIN: lambda: (PLAIN, text),
            "bad": lambda: (self._random.choice((TURTLE, JSON_LD)), self._random.choice(("<#a> <#b> .", "{", "[1, ["))),
            "typeless": lambda: (None, self._random.choice((text, None))),
            "charset": lambda: (f"{TURTLE}; charset=utf-8", self._turtle()),
        }
        return makers[kind]()

    def _text(self) -> str:
        return "text " * self._random.choice((0, 1, 2, 5, 20_000 if self._random.random() < 0.1 else 3))

    def _post(self, path: str) -> Ask:
        if self._random.random() < 0.6:
            path = self._random.choice((*CONTAINERS, "inbox/"))
        media_type, content = self._content(path if self._random.random() < 0.5 else "m/a")
        link = self._random.choices((None, BASIC, DIRECT), weights=(65, 30, 3))[0]
        headers = self._conditions(path, reading=False) if self._random.random() < 0.5 else {}
        slug = self._maybe(0.6, self._random.choice(SLUGS))
        headers |= {"Content-Type": media_type, "Link": link, "Slug": slug and slug.encode().decode("latin-1")}
        ask = self._ask(None, "POST", path, headers, content)
        self._posts.append(ask.number)
        return ask

    def _delete(self, path: str) -> Ask:
        return self._ask(None, "DELETE", path, self._conditions(path, reading=False), None)

    def _put_profile(self, by: str | None) -> Ask:
        issuer = self._random.choice(("https://elsewhere.example/", "https://other.example/"))
        said = f"<#me> <http://www.w3.org/ns/solid/terms#oidcIssuer> <{issuer}> ."
        return self._ask(by, "PUT", "profile/card", {"Content-Type": TURTLE}, said)

    # -- documents ---------------------------------------------------------------------------------------------------

    def _statement(self) -> str:
        if self._random.random() < 0.4:
            return "<#s1> ex:p 1"
        subject = self._random.choice(("<#s1>", "<#s2>", "<>"))
        return f"{subject} {self._verb()} {self._object()}"

    def _verb(self) -> str:
        return self._random.choice(("ex:p", "ex:q"))

    def _object(self) -> str:
        return self._random.choice(("1", "2", "<#s1>", '"text"', '"word"@en', "ex:thing"))

    def _turtle(self, containing: float = 0.0) -> str:
        """`containing`: the chance that it tells what a container has in it, which is not for clients to say."""
        said = [self._statement() + " ." for _ in range(self._random.choice((0, 1, 1, 2, 3, 4)))]
        extra = ("[] ex:p [ ex:q 1 ] .", "<#s1> ex:list ( 1 2 ) .", "<./> <http://www.w3.org/ns/ldp#contains> <#x> .")
        said += [
            each for each, chance in zip(extra, (0.1, 0.05, containing), strict=True) if self._random.random() < chance
        ]
        return PREFIXES + "\n".join(said) if said else ""

    def _json_ld(self) -> str:
        value = self._random.choice(({"@id": "#s1"}, {"@value": "text"}, {"@value": "word", "@language": "en"}))
        return json.dumps({"@id": self._random.choice(("#s1", "")), "http://example.org/p": [value]})

    def _n_triples(self) -> str:
        return f'<%SUBJECT%#s1> <http://example.org/p> "{self._random.choice(("1", "text"))}" .\n'

    def _put_group(self, by: str | None) -> Ask:
        members = self._random.choice((["%BOB%"], ["%BOB%"], ["%ALICE%", "%BOB%"], ["%ALICE%"], []))
        said = "".join(f"; vcard:hasMember <{each}>" for each in members)
        app = self._random.choice(("%APP%", "%OTHER%"))
        more = f"<#apps> vcard:hasMember <{app}> . <#issuers> vcard:hasMember <%ISSUER%> ."
        content = f"{VCARD}<#friends> a vcard:Group{said} . {more}"
        return self._ask(by, "PUT", "m/group", {"Content-Type": TURTLE}, content)

    # -- access rules ------------------------------------------------------------------------------------------------

    def _put_acl(self, path: str, by: str | None = None, rules: list[str] | None = None) -> Ask:
        if rules is None:
            rules = [self._rules.of_owner()] if self._random.random() < 0.8 else []
            rules += [self._rules.any() for _ in range(self._random.choice((0, 1, 1, 2)))]
        said = turtle_prefixes(self._rules.language) + self._rules.statements(rules)
        media_type, content = (TURTLE, said) if by or self._random.random() < 0.93 else self._content("m/a")
        headers = self._conditions(path, reading=False) if by is None else {}
        return self._ask(by, "PUT", path, headers | {"Content-Type": media_type}, content)

    # -- patches -----------------------------------------------------------------------------------------------------

    def _patch(self, path: str) -> Ask:
        headers = self._conditions(path, reading=False) if self._random.random() < 0.5 else {}
        if path == "profile/card":
            return self._ask(None, "PATCH", path, {"Content-Type": SPARQL}, self._profile_patch())
        draw = self._random.choices((self._n3_patch, self._sparql, self._bad_patch), weights=(60, 30, 10))[0]
        if path.endswith(ACL) and self._random.random() < 0.7:
            draw = self._patch_of_rules
        media_type, content = draw()
        return self._ask(None, "PATCH", path, headers | {"Content-Type": media_type}, content)

    def _profile_patch(self) -> str:
        said = ("foaf:nick 'a'", "solid:oidcIssuer <https://elsewhere.example/>", "ldp:inbox <../inbox/>")
        prefixes = "PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX ldp: <http://www.w3.org/ns/ldp#> "
        prefixes += "PREFIX solid: <http://www.w3.org/ns/solid/terms#> "
        return f"{prefixes}INSERT DATA {{ <#me> {self._random.choice(said)} }}"

    def _parts(self) -> tuple[str, str, str]:
        """Deletes, inserts and where, as triples; each may be empty."""
        where = self._random.choice(
            ("", "", "?x ex:p 1", "?x ex:p 1", "?x ex:p ?y", "?x ex:p ?y", "<#s1> ex:p ?y", "?x ex:p ?y . ?x ex:q ?z")
        )
        deletes, inserts = ["", "", "", self._statement()], [self._statement(), self._statement(), ""]
        if "?x" in where:
            deletes += ["?x ex:p 1", "?x ex:p 1"]
            inserts += ["?x ex:p 2", "?x ex:q <#s2>"]
        if "?y" in where:
            deletes.append("<#s1> ex:p ?y")
            inserts += ["<#s2> ex:q ?y", "[] ex:p ?y"]
        if self._random.random() < 0.25:
            return "", self._statement(), ""
        return self._random.choice(deletes), self._random.choice(inserts), where

    def _n3_patch(self) -> tuple[str, str]:
        deletes, inserts, where = self._parts()
        parts = {"deletes": deletes, "inserts": inserts, "where": where}
        said = [f"solid:{name} {{ {triples} }}" for name, triples in parts.items() if triples]
        return N3, f"{PATCH}_:patch a solid:InsertDeletePatch; {'; '.join(said)} ."

    def _sparql(self) -> tuple[str, str]:
        deletes, inserts, where = self._parts()
        prefix = "PREFIX ex: <http://example.org/> "
        if where:
            parts = (
                f"DELETE {{ {deletes} }} " * bool(deletes),
                f"INSERT {{ {inserts} }} " * bool(inserts or not deletes),
            )
            return SPARQL, f"{prefix}{''.join(parts)}WHERE {{ {where} }}"
        parts = (f"DELETE DATA {{ {deletes} }}" * bool(deletes), f"INSERT DATA {{ {inserts} }}" * bool(inserts))
        return SPARQL, prefix + ("; ".join(filter(None, parts)) or "INSERT DATA {}")

    def _patch_of_rules(self) -> tuple[str, str]:
        """One rule more."""
        said, language = self._rules.statements([self._rules.any()]), self._rules.language
        if self._random.random() < 0.5:
            return SPARQL, f"{sparql_prefixes(language)}INSERT DATA {{ {said} }}"
        patch = f"_:patch a solid:InsertDeletePatch; solid:inserts {{ {said} }} ."
        return N3, f"{PATCH}{turtle_prefixes(language)}{patch}"

    def _bad_patch(self) -> tuple[str, str]:
        a, b = (
            "solid:InsertDeletePatch; solid:inserts { <#a> ex:p ?v }",
            "solid:InsertDeletePatch; solid:deletes { [] ex:p 1 }",
        )
        return self._random.choice(
            (
                (N3, f"{PATCH}_:patch a solid:InsertDeletePatch; solid:inserts {{ <#a> ex:p "),
                (N3, f"{PATCH}_:patch a {a} ."),
                (N3, f"{PATCH}_:patch a {b} ."),
                (N3, f"{PATCH}_:patch solid:inserts {{ <#a> ex:p 1 }} ."),
                (N3, f"{PATCH}<#one> a solid:InsertDeletePatch . <#two> a solid:InsertDeletePatch ."),
                (SPARQL, "INSERT DATA { <#a> "),
                (SPARQL, "CLEAR ALL"),
                (SPARQL, "INSERT { ?x <#b> 1 } WHERE { ?x <#b> ?y FILTER(?y > 1) }"),
                (TURTLE, self._turtle()),
                (PLAIN, "text"),
            )
        )
