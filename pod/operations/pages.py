"""What browsers are shown instead of RDF: the contract of whoever makes pages, and the part of a listing on one page.

The templates are above this layer, so a renderer is handed in with each request that wants a page. Knows no HTML.

Spec: RFC 9110 s12.5.1
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from pod.errors import NotFound, PodError
from pod.protocol.resource import Target
from pod.rdf.graph import Dataset, Graph
from pod.store.records import Kind, Member, ResourceState

HTML = "text/html; charset=utf-8"
PAGE_MEMBERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a container's members, containers first. Both counts are of all pages."""

    members: tuple[Member, ...]
    containers: int
    others: int
    page: int = 1

    @property
    def pages(self) -> int:
        return max(1, -(-(self.containers + self.others) // PAGE_MEMBERS_MAX))


class PageRenderer(Protocol):
    """Makes pages. Each is a function of its arguments, so it may be kept for as long as the version lasts."""

    @property
    def code(self) -> str:
        """Stands in ETags: another one whenever the same resource would look different."""
        ...

    @property
    def language(self) -> str | None:
        """That of its pages, where they are made for readers of one and `code` says so too; None where it is not chosen
        by what a request accepts.
        """
        ...

    def read_in(self, languages: str | None) -> PageRenderer:
        """The one for the `languages` that a browser asks for: of few, whatever it asks for.

        Spec: RFC 9110 s12.5.4
        """
        ...

    @property
    def policy(self) -> str:
        """The `Content-Security-Policy` of pages that are about no resource."""
        ...

    def policy_of(self, target: Target) -> str:
        """That of the page about a resource."""
        ...

    @property
    def shell(self) -> bytes | None:
        """The one page for all resources, where a program in it fetches what it shows; None where pages are made."""
        ...

    def container(self, target: Target, listing: Listing, description: Graph | None) -> bytes:
        """`description` is what clients say about the container."""
        ...

    def document(self, target: Target, state: ResourceState, content: bytes, dataset: Dataset) -> bytes:
        """`content` is the document as it was written, `dataset` what it says."""
        ...

    def failure(self, error: PodError, target: Target | None, instance: str) -> bytes:
        """`instance` is the name under which the log may tell more."""
        ...


@dataclass(frozen=True, slots=True)
class View:
    """The wish for a page. `number` counts the pages of a listing from 1."""

    renderer: PageRenderer
    number: int = 1

    @property
    def code(self) -> str:
        return self.renderer.code if self.number == 1 else f"{self.renderer.code}.{self.number}"


def listing_page(members: Callable[[], Iterator[Member]], page: int) -> Listing:
    """The members of one page. Goes through all of them, once or twice, and keeps one page of them.

    Raises: NotFound -- there is no such page; VersionMoved -- see `Reader.members`.
    """
    stream = members()
    first = list(islice(stream, PAGE_MEMBERS_MAX))
    containers = sum(_is_container(each) for each in first)
    total = len(first)
    for each in stream:
        total += 1
        containers += _is_container(each)
    if (page - 1) * PAGE_MEMBERS_MAX >= max(total, 1):
        raise NotFound("This folder has no such page.")
    if total <= PAGE_MEMBERS_MAX:
        shown = sorted(first, key=_for_people)
    else:
        shown = _window(members(), containers, (page - 1) * PAGE_MEMBERS_MAX)
    return Listing(tuple(shown), containers, total - containers, page)


def _window(members: Iterator[Member], containers: int, start: int) -> list[Member]:
    """The members at `start` and after in the order of containers first, which is not the order they come in."""
    shown: tuple[list[Member], list[Member]] = ([], [])
    ranks = [0, containers]
    for each in members:
        other = not _is_container(each)
        if start <= ranks[other] < start + PAGE_MEMBERS_MAX:
            shown[other].append(each)
        ranks[other] += 1
    return shown[False] + shown[True]


def _is_container(member: Member) -> bool:
    return member.kind is Kind.CONTAINER


def _for_people(member: Member) -> tuple[bool, str]:
    return not _is_container(member), member.path.lower()
