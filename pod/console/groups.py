"""Groups of members that operators keep, such as Staff: members share with them as with groups of their own.

Who comes and goes is noted where they read it. What is shared with a group is its members' business, and not seen here.

Spec: WAC #acl-agentgroup
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from pod.console.members import Console, Settled, member_named
from pod.errors import Conflict, NotFound, UnprocessableContent
from pod.services import Services
from pod.store.interface import Writer
from pod.store.member_groups import Belonging, MemberGroup, MemberGroups
from pod.store.operator_acts import ActKind, OperatorActs

GROUPS_MAX = 200
MEMBERS_MAX = 1_000
NAME_CHARACTERS_MAX = 100
SLUG_CHARACTERS_MAX = 60

_NOT_IN_SLUGS = re.compile(r"[^a-z0-9]+")


class GroupKeeper:
    """What one operator does about groups."""

    def __init__(self, services: Services, console: Console) -> None:
        self._console = console
        self._groups = MemberGroups(services.store)

    def listed(self) -> tuple[MemberGroup, ...]:
        return self._groups.listed(GROUPS_MAX)

    def group(self, slug: str) -> MemberGroup:
        """Raises: NotFound."""
        return _found(self._groups, slug)

    def members(self, group: MemberGroup) -> tuple[Belonging, ...]:
        return self._groups.members(group.id)

    def make(self, name: str, *, is_public: bool) -> str:
        """What it is called in its URL, for good. Raises: UnprocessableContent; Conflict -- too many, or this name was
        given before.
        """
        said = _named(name)
        slug = _slug(said)

        def change(tx: Writer) -> Settled:
            if len(MemberGroups(tx).listed(GROUPS_MAX)) >= GROUPS_MAX:
                raise Conflict(f"There are {GROUPS_MAX} groups already. End one first.")
            if not MemberGroups(tx).make(tx, slug, said, is_public=is_public):
                raise Conflict(
                    "There is or was a group of this name. Choose another: rules may still name the old one."
                )
            return Settled(said, "made")

        self._console.settle(ActKind.GROUP, change)
        return slug

    def change(self, slug: str, name: str, *, is_public: bool) -> None:
        """Its URL stays. Raises: NotFound, UnprocessableContent."""
        said = _named(name)

        def change(tx: Writer) -> Settled:
            group = _found(MemberGroups(tx), slug)
            MemberGroups(tx).change(tx, group.id, said, is_public=is_public)
            return Settled(said, "changed")

        self._console.settle(ActKind.GROUP, change)

    def end(self, slug: str) -> None:
        """Whatever was shared with it, nobody has by it any more. Raises: NotFound."""

        def change(tx: Writer) -> Settled:
            group = _found(MemberGroups(tx), slug)
            for each in MemberGroups(tx).members(group.id):
                self._note(tx, ActKind.LEFT, each.name, group)
            MemberGroups(tx).end(tx, group.id)
            return Settled(group.name, "ended")

        self._console.settle(ActKind.GROUP, change)

    def add(self, slug: str, name: str) -> None:
        """Raises: NotFound -- of group or member; Conflict -- it is full."""

        def change(tx: Writer, group: MemberGroup) -> bool:
            if len(MemberGroups(tx).members(group.id)) >= MEMBERS_MAX:
                raise Conflict(f"A group has at most {MEMBERS_MAX} members.")
            return MemberGroups(tx).add(tx, group.id, member_named(tx, name).id)

        self._change(ActKind.JOINED, slug, name, change)

    def remove(self, slug: str, name: str) -> None:
        """Raises: NotFound."""
        self._change(
            ActKind.LEFT,
            slug,
            name,
            lambda tx, group: MemberGroups(tx).remove(tx, group.id, member_named(tx, name).id),
        )

    def _change(self, kind: ActKind, slug: str, name: str, change: Callable[[Writer, MemberGroup], bool]) -> None:
        with self._console.acting() as tx:
            group = _found(MemberGroups(tx), slug)
            if change(tx, group):
                self._note(tx, kind, name, group)

    def _note(self, tx: Writer, kind: ActKind, name: str, group: MemberGroup) -> None:
        OperatorActs(tx).add(tx, self._console.operator, kind, member_named(tx, name), detail=group.name)


def _found(groups: MemberGroups, slug: str) -> MemberGroup:
    """Raises: NotFound."""
    group = groups.by_slug(slug)
    if group is None:
        raise NotFound("There is no such group.")
    return group


def _named(name: str) -> str:
    """Raises: UnprocessableContent."""
    said = " ".join(name.split())
    if not 0 < len(said) <= NAME_CHARACTERS_MAX or not said.isprintable():
        raise UnprocessableContent(f"Give the group a name of at most {NAME_CHARACTERS_MAX} letters.", field="name")
    return said


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUGS.sub("-", plain).strip("-")[:SLUG_CHARACTERS_MAX].strip("-") or "group"
