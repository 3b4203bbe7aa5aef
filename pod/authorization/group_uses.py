"""Which documents access rules name as groups, recorded beside the rules: so that an app which may not change rules is
kept from changing who they let in, without anybody reading rules for it.

What is written is recorded in its own transaction. What was there before is read once, when a server starts with it.

Spec: design section 8, "editing a group that an ACL uses needs Control"
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import structlog

from pod.config import Config
from pod.errors import PodError
from pod.protocol.placement import Placement
from pod.protocol.resource import ACL_SUFFIX
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.rdf.graph import Graph
from pod.store.acl_groups import all_rules, are_complete, declare_complete, keep_groups, kept_groups
from pod.store.fsck import Finding, Severity
from pod.store.interface import ResourceStore
from pod.store.records import SERVER, ACLReference

READING = 1
"""Another number where this version finds other groups in the same rules than those before it."""

log = structlog.get_logger()

Named = Callable[[Graph], frozenset[str]]
"""Paths of the documents of ours that rules name as groups."""


def settle_group_uses(store: ResourceStore, config: Config, placement: Placement, named: Named) -> None:
    """Record what rules name that are older than the record, or than the settings that say what they name. Any number
    of processes may be at it.
    """
    way = way_of_reading(config, placement)
    if are_complete(store, way):
        return
    for acl, paths in _all_named(store, config, placement, named):
        if paths:
            with store.write(SERVER) as tx:
                keep_groups(tx, acl.id, acl.version, paths)
    with store.write(SERVER) as tx:
        declare_complete(tx, way)


def way_of_reading(config: Config, placement: Placement) -> str:
    """A name for all that decides what rules name: which URLs are whose, and how large they may be to be read."""
    facts = (READING, placement, _limits(config))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _limits(config: Config) -> Limits:
    return replace(Limits.from_config(config), bytes=config.acl_bytes_max)


def check_group_uses(store: ResourceStore, config: Config, placement: Placement, named: Named) -> Iterator[Finding]:
    """Rules whose groups are not all recorded: apps could be let change who gets in there."""
    for acl, paths in _all_named(store, config, placement, named):
        for path in sorted(paths - kept_groups(store, acl)):
            yield Finding(Severity.ERROR, acl.subject + ACL_SUFFIX, f"the group it names at {path} is not recorded")


def _all_named(
    store: ResourceStore, config: Config, placement: Placement, named: Named
) -> Iterator[tuple[ACLReference, frozenset[str]]]:
    limits = _limits(config)
    for acl in all_rules(store):
        content = store.rules(acl)
        if content is None:  # changed meanwhile, and recorded by whoever did
            continue
        media_type, body = content
        try:
            dataset = formats.parse(body, media_type, base=placement.url(acl.subject) + ACL_SUFFIX, limits=limits)
        except PodError as error:  # nobody gets in by rules that cannot be read
            log.warning("acl unreadable", acl=acl.subject + ACL_SUFFIX, why=str(error))
            continue
        yield acl, named(dataset.default)
