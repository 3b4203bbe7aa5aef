"""Access: which rules reach a resource, and what each who asks may then do with it, in whichever language they are written.

The two languages are `model_wac` and `model_acp`; here is what they have in common: rules lie in `.acl` resources along
the hierarchy, modes are the four of the ACL ontology, and owners never lose control.

Spec: WAC #effective-acl-resource; ACP s6; REQUIREMENTS section 17, rows 24 to 30
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tests.model.model_paths import ACL, above, subject_of
from tests.model.model_values import RDF_SOURCE, Resource, Triples, Who

READ, APPEND, WRITE, CONTROL = "read", "append", "write", "control"
ALL = frozenset({READ, APPEND, WRITE, CONTROL})
NONE: frozenset[str] = frozenset()

Modes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """A resource among the rules: those of its own and those of each container above, nearest first, as (subject,
    document). `document` gives what another resource of this storage says, None where there is none.
    """

    url: str
    rules: tuple[tuple[str, Triples], ...]
    owner: str
    creator: str | None
    document: Callable[[str], Triples | None]


class Language(Protocol):
    """A language for access rules."""

    def granted(self, place: Place, who: Who) -> Modes:
        """What the rules give."""
        ...

    def is_heard(self, document: Triples, subject: str) -> bool:
        """Whether rules may be written to a resource that say this: nothing of it is about what they cannot control."""
        ...

    def keeps_control(self, document: Triples, root: str) -> bool | None:
        """Whether the rules of a storage's root leave somebody in control of it; None if that is hard to say."""
        ...

    def unwritten(self, rules: str, subject: str) -> Triples | None:
        """What rules say that nobody has written, both by their URLs; None where there are none."""
        ...

    def announced(self, link: str, *, options: bool) -> list[str]:
        """What is wrong with the `Link` field of an answer about rules that exist."""
        ...


@dataclass(slots=True)
class Access:
    """Who may do what with the resources of one storage. `resources` is the world as it is."""

    resources: Mapping[str, Resource]
    root: str
    owner: str
    url: Callable[[str], str]
    language: Language
    knows_creators: bool = False
    """Whether the server says that it keeps who made what."""

    def modes(self, path: str, who: Who) -> Modes:
        """Modes on a resource or on what could be one, not on its ACL. Owners always keep Control (section 17, 29)."""
        granted = self.language.granted(self._place(path), who)
        return granted | {CONTROL} if who.agent == self.owner else granted

    def shown(self, path: str, who: Who) -> Modes:
        """Modes as `WAC-Allow` tells them: with Control, an ACL may be read and written (section 17, 26)."""
        if not path.endswith(ACL):
            return self.modes(subject_of(path), who)
        return ALL if CONTROL in self.modes(path.removesuffix(ACL), who) else NONE

    def _place(self, path: str) -> Place:
        documents = [(each, self.resources.get(each + ACL)) for each in (path, *above(path, self.root))]
        rules = tuple((self.url(each), document.triples) for each, document in documents if document is not None)
        resource = self.resources.get(path) if self.knows_creators else None
        return Place(self.url(path), rules, self.owner, resource.creator if resource else None, self._document)

    def _document(self, url: str) -> Triples | None:
        """Documents of the same storage are read with the server's rights (section 17, row 24)."""
        found = (each for path, each in self.resources.items() if each.kind == RDF_SOURCE and self.url(path) == url)
        return next((each.triples for each in found), None)
