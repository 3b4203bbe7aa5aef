"""Pages that ask before things in a folder change: what to call them, where they are to go, what goes with them.

Nothing changes here. Each page is a form to the folder's own address; pod/ui/files.py does what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from werkzeug.wrappers import Response as AnyResponse

from pod.errors import AccessDenied, BadRequest, Conflict, NotAuthenticated, NotFound, PodError
from pod.operations.get import get
from pod.operations.operation import Operation
from pod.operations.pages import View
from pod.operations.remove_tree import Tree, tree_of
from pod.operations.watched import watched
from pod.protocol.agent import Credentials
from pod.protocol.conditions import NO_CONDITIONS
from pod.protocol.modes import AccessMode
from pod.protocol.resource import Target, lineage
from pod.services import Services
from pod.sharing.sharing import is_shared
from pod.store.records import Kind
from pod.ui.folder import PREFIX, SORTED_MAX, Bare, by_name
from pod.ui.forms import Errors
from pod.ui.language import gettext as _
from pod.ui.refusals import refusal
from pod.ui.render import render
from pod.ui.views import name_of

CHOSEN_MAX = 100
"""More than are on one page of a folder."""
FOLDERS_MAX = 500
"""Folders to choose from on one page."""
CHANGES = frozenset({"rename", "move", "delete"})
_NOTHING: Errors = {}


class Chosen(NamedTuple):
    """Something in the folder. `value` is what a form says for it."""

    name: str
    value: str

    @property
    def is_folder(self) -> bool:
        return self.value.endswith("/")

    @property
    def path(self) -> str:
        return self.value.removeprefix(PREFIX)

    @classmethod
    def of(cls, path: str) -> Chosen:
        return cls(name_of(path), PREFIX + path)


class Way(NamedTuple):
    """A folder that things can go to."""

    name: str
    path: str


def chosen_in(folder: Target, values: Iterable[str]) -> Iterator[Chosen]:
    """Raises: BadRequest -- something is not in this folder."""
    for number, value in enumerate(dict.fromkeys(values)):
        name = value.removeprefix(PREFIX + folder.path)
        if number >= CHOSEN_MAX or name == value or not name.rstrip("/") or "/" in name.removesuffix("/"):
            raise BadRequest(_("This form does not fit the folder. Open the folder again."))
        yield Chosen.of(value.removeprefix(PREFIX))


@dataclass(frozen=True, slots=True)
class Forms:
    """For things in one folder, on behalf of an account. `query` is how its reader saw the folder."""

    services: Services
    who: Credentials
    folder: Target
    query: str = ""

    @property
    def back(self) -> str:
        return f"{PREFIX}{self.folder.path}{self.query}"

    def show(self, what: str, chosen: list[Chosen]) -> AnyResponse:
        """Raises: NotFound -- nothing that can be done with things"""
        if what not in CHANGES:
            raise NotFound(_("There is nothing here that you may see."))
        if what == "rename":
            return self.rename(chosen[0])
        return self.move(chosen, self.folder) if what == "move" else self.delete(chosen)

    def rename(self, each: Chosen, errors: Errors = _NOTHING, said: str = "") -> AnyResponse:
        status = 422 if errors else 200
        return render(
            "files/rename.html",
            status=status,
            errors=errors,
            chosen=[each],
            said=said or each.name,
            folder=name_of(self.folder.path),
            back=self.back,
        )

    def delete(self, chosen: list[Chosen]) -> AnyResponse:
        rows, stays = [], []
        for each in chosen:
            try:
                rows.append((each, self._tree(each)))
            except PodError as error:
                stays.append((each, refusal(error.detail)))
        return render(
            "files/delete.html",
            rows=rows,
            stays=stays,
            total=_total([tree for _, tree in rows]),
            folder=name_of(self.folder.path),
            back=self.back,
        )

    def _tree(self, each: Chosen) -> Tree:
        tree = tree_of(self.services, self.who, Target.parse(each.path))
        if tree.is_too_large:
            raise Conflict(_("There is too much in it to delete it at once. Delete the folders in it first."))
        return tree

    def move(self, chosen: list[Chosen], at: Target, errors: Errors = _NOTHING) -> AnyResponse:
        """Asks where to, beginning `at` a folder, from which people walk on.

        Raises: NotFound -- there is no such folder that this account may see
        """
        if not at.is_container or at.storage != self.folder.storage:
            raise NotFound(_("There is no such folder."))
        may = self._may_change(at)
        own = {each.path for each in chosen}
        inside = [*reversed(lineage(at.path))]
        return render(
            "files/move.html",
            status=422 if errors else 200,
            errors=errors,
            chosen=chosen,
            at=Way(name_of(at.path), at.path),
            above=[Way(name_of(path), path) for path in inside[:-1]],
            ways=self._ways(at, own),
            may_here=may and at.path != self.folder.path and not own.intersection(inside),
            is_here=at.path == self.folder.path,
            is_shared=at.path != self.folder.path and is_shared(self.services, at.path),
            folder=name_of(self.folder.path),
            back=self.back,
        )

    def _may_change(self, at: Target) -> bool:
        """Raises: NotFound"""
        view = View(Bare(self.services.placement))
        operation = Operation("HEAD", at, self.who, NO_CONDITIONS, view=view)
        try:
            result = watched(self.services, get, operation, app=self.services.placement.base_url)
        except (AccessDenied, NotAuthenticated) as error:
            raise NotFound(_("There is no such folder.")) from error
        return result.granted is not None and AccessMode.APPEND in result.granted[0]

    def _ways(self, at: Target, own: set[str]) -> list[Way]:
        """The folders in a folder, without those that are to go."""
        state = self.services.store.describe(at, with_body=False).state
        members = islice(self.services.store.members(state.id), SORTED_MAX) if state else ()
        found = sorted((each for each in members if each.kind is Kind.CONTAINER and each.path not in own), key=by_name)
        return [Way(name_of(each.path), each.path) for each in found[:FOLDERS_MAX]]


def moved_to(source: Target, folder: Target) -> Target:
    """Where something is once it is in a folder."""
    slash = "/" if source.is_container else ""
    return Target.parse(f"{folder.path}{source.path.rstrip('/').rpartition('/')[2]}{slash}")


def _total(trees: list[Tree]) -> dict[str, int]:
    """What goes with all of them together."""
    counted = ("resources", "bytes", "links", "people")
    return {name: sum(getattr(tree, name) for tree in trees) for name in counted}
