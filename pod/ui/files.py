"""What people change in a folder of theirs on its page: new folders, names, places, and things that go.

Each change is an operation of the pod under the rules that apps have; which changes those are is decided there.

Spec: RFC 9110 s9.3.4, s9.3.5; LDP s5.2.3.4
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from pod.errors import BadRequest, Conflict, NotFound, PodError, PreconditionFailed
from pod.files.moving import move_with_links
from pod.files.names import file_name, folder_names
from pod.http.request import parse_target
from pod.identity.projection import refresh
from pod.index.index import Index
from pod.operations.operation import LDP_CONTAINER_TYPES, Operation
from pod.operations.put import put
from pod.operations.remove_tree import remove_tree
from pod.operations.watched import watched
from pod.protocol.conditions import Conditions
from pod.protocol.resource import Target
from pod.services import Services
from pod.ui.change_forms import Chosen, Forms, chosen_in, moved_to
from pod.ui.door import Door, see_other
from pod.ui.folder import PREFIX, seen
from pod.ui.forms import Errors, read_fields
from pod.ui.home import Reader, home_target
from pod.ui.language import gettext as _
from pod.ui.refusals import refusal

NAME_CHARACTERS_MAX = 255
_SLASHES = re.compile(r"[/\\]")


def add_files(pages: Blueprint, door: Door, index: Index) -> None:
    @pages.post(f"{PREFIX}/<path:_path>")
    def change_folder(_path: str) -> AnyResponse:
        session = door.session()
        sent = door.form(long=True)
        folder = home_target("POST")
        if not folder.is_container or folder.auxiliary:
            raise NotFound(_("There is no such folder."))
        desk = Folder(door.services, index, Reader.of(door.services, session, folder))
        if sent.get("do") == "make":
            return desk.make(sent.get("name", ""))
        values = (value for name, value in read_fields(long=True) if name == "chosen")
        return desk.change(
            sent.get("do", ""), list(chosen_in(folder, values)), sent.get("name", ""), sent.get("at", "")
        )


@dataclass(frozen=True, slots=True)
class Folder:
    """One change to a folder, for whoever looks at it."""

    services: Services
    index: Index
    reader: Reader

    def change(self, do: str, chosen: list[Chosen], name: str, at: str) -> AnyResponse:
        """`name` and `at` are what forms say that ask for a name or a place."""
        if not chosen:
            return self.again({"": _("Choose something first: tick it in the list.")})
        if do in {"rename", "renamed"} and len(chosen) > 1:
            return self.again({"": _("Choose one thing to rename.")})
        place = parse_target(at, "POST") if at else self.reader.target
        if not place.is_container:
            raise NotFound(_("There is no such folder."))
        actions: dict[str, Callable[[], AnyResponse]] = {
            "rename": lambda: self.forms.rename(chosen[0]),
            "renamed": lambda: self.rename(chosen[0], name),
            "move": lambda: self.forms.move(chosen, place),
            "make-there": lambda: self.make_there(chosen, place, name),
            "moved": lambda: self.move(chosen, place),
            "delete": lambda: self.forms.delete(chosen),
            "deleted": lambda: self.delete(chosen),
        }
        if do not in actions:
            raise BadRequest(_("This form does not fit the folder. Open the folder again."))
        return actions[do]()

    # -- new folders

    def make(self, name: str) -> AnyResponse:
        """A new folder, by the name that people gave it."""
        wrong = self._make(self.reader.target, name)
        return self.again(wrong) if wrong else self._done("made", 1)

    def make_there(self, chosen: list[Chosen], at: Target, name: str) -> AnyResponse:
        """While a place is looked for; the new folder is the next one that is looked at."""
        wrong = self._make(at, name)
        made = at if wrong else Target.parse(f"{at.path}{_folder_name(name)}/")
        return self.forms.move(chosen, made, wrong)

    def _make(self, where: Target, name: str) -> Errors:
        """What is wrong with a new folder; nothing, if it is there now."""
        segment = _folder_name(name)
        if not segment:
            return {"name": _("Give the folder a name of 1 to 255 letters.")}
        try:
            operation = Operation(
                "PUT",
                Target.parse(f"{where.path}{segment}/"),
                self.reader.credentials,
                Conditions(if_none_match="*"),
                link_types=LDP_CONTAINER_TYPES,
            )
            watched(self.services, put, operation, app=self.services.placement.base_url)
        except (PreconditionFailed, Conflict):
            return {"name": _("This name is taken or kept for the server. Choose another one.")}
        except PodError as error:
            return {"name": refusal(error.detail)}
        return {}

    # -- what is there already

    def rename(self, each: Chosen, name: str) -> AnyResponse:
        segment = (_folder_name(name) if each.is_folder else _file_name(name)) or ""
        if not segment:
            return self.forms.rename(each, {"name": _("Give it a name of 1 to 255 letters.")}, name)
        slash = "/" if each.is_folder else ""
        try:
            source, destination = Target.parse(each.path), Target.parse(f"{self.reader.target.path}{segment}{slash}")
            left = self._move(source, destination) if source != destination else 0
        except PodError as error:
            return self.forms.rename(each, {"name": refusal(error.detail)}, name)
        return self._done("renamed", 1, left=left)

    def move(self, chosen: list[Chosen], at: Target) -> AnyResponse:
        """Each by itself; what must stay is told, with the reason."""
        left = 0

        def to_there(each: Chosen) -> None:
            nonlocal left
            source = Target.parse(each.path)
            left += self._move(source, moved_to(source, at))

        stays, told = _each(chosen, to_there)
        if stays:
            return self.forms.move(stays, at, {"": told})
        return self._done("moved", len(chosen), to=at.path, left=left)

    def _move(self, source: Target, destination: Target) -> int:
        """Gives how many documents may still name the old place."""
        moved = move_with_links(self.services, self.index, self.reader.credentials, source, destination)
        root = Target(destination.storage, destination.storage)
        storage = self.services.store.describe(root, with_body=False).storage
        if moved.limits_followed and storage is not None:
            refresh(self.services, storage.account)
        return len(moved.left)

    def delete(self, chosen: list[Chosen]) -> AnyResponse:
        """Each by itself, with all that is in it; what must stay is told, with the reason."""
        stays, told = _each(chosen, self._remove)
        return self.again({"": told}) if stays else self._done("deleted", len(chosen))

    def _remove(self, each: Chosen) -> None:
        try:
            remove_tree(self.services, self.reader.credentials, Target.parse(each.path))
        except NotFound:  # it went in the meantime
            return

    # -- pages

    def again(self, errors: Errors) -> AnyResponse:
        return self.reader.page(errors)

    @property
    def forms(self) -> Forms:
        return Forms(self.services, self.reader.credentials, self.reader.target, seen())

    def _done(self, what: str, count: int, *, left: int = 0, **more: str) -> AnyResponse:
        """Back to the folder as it was seen, which tells what was done, and how many links are `left` as they were."""
        query = urlencode({what: str(count), **more, **({"left": str(left)} if left else {})})
        before = seen()
        return see_other(f"{PREFIX}{self.reader.target.path}{before}{'&' if before else '?'}{query}")


def _each(chosen: list[Chosen], change: Callable[[Chosen], None]) -> tuple[list[Chosen], str]:
    """What could not be changed, and why."""
    stays, told = [], []
    for each in chosen:
        try:
            change(each)
        except PodError as error:
            stays.append(each)
            told.append(f"{each.name}: {refusal(error.detail)}")
    return stays, " ".join(told)


def _folder_name(name: str) -> str | None:
    """The path segment of a folder of that name, if there can be one."""
    found = folder_names(f"{_SLASHES.sub('-', name.strip())}/") if len(name) <= NAME_CHARACTERS_MAX else ()
    return found[0] if found else None


def _file_name(name: str) -> str | None:
    """That of a file: as of a folder, for both are kept as far as they can be part of a URL."""
    plain = _SLASHES.sub("-", name.strip())
    return file_name(plain) if _folder_name(name) else None
