"""The rules of the ACLs that exist, parsed once a version, and what they grant, worked out once an agent.

Reads ACL documents through the reader of whoever asks. Knows neither operations nor groups: the answer to "is this
agent in that group" comes in.

Spec: WAC #authorization-evaluation; REQUIREMENTS section 17, rows 22, 23 and 30
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import structlog

from pod.authorization import wac
from pod.authorization.decision import Decision, Reason
from pod.authorization.effective import is_inherited
from pod.authorization.memory import Memory
from pod.config import Config
from pod.errors import PodError, VersionMoved
from pod.observability.meters import CACHES, METERS
from pod.protocol.agent import Credentials
from pod.protocol.placement import Placement
from pod.protocol.resource import Auxiliary, Target
from pod.rdf import formats
from pod.rdf.formats import Limits
from pod.store.interface import Reader
from pod.store.records import ACLReference

log = structlog.get_logger()

ORDINARY_ACL_BYTES = 4096
"""Larger ACLs count as several in `acl_cache_entries`."""
ACL_CACHE = CACHES.index("acl")

Key: TypeAlias = tuple[int, int, bool, str | None, str | None]
"""All that an evaluation without groups depends on: ACL id and version, own or inherited, agent, origin."""


class Rules:
    """The ACLs one process knows. Shared by all threads."""

    def __init__(self, config: Config, placement: Placement) -> None:
        self._placement = placement
        self._strict = config.origin_strict
        self._limits = replace(Limits.from_config(config), bytes=config.acl_bytes_max)
        self._acls: Memory[tuple[int, int], wac.ACL] = Memory(config.acl_cache_entries)
        self._evaluated: Memory[Key, Decision] = Memory(config.acl_cache_entries)

    def evaluate(
        self,
        reader: Reader,
        reference: ACLReference,
        path: str,
        credentials: Credentials,
        membership: wac.Membership,
    ) -> Decision:
        """What an ACL gives on a path it governs. Remembered when the ACL names no group.

        Raises: VersionMoved -- the ACL is no longer what `reference` says.
        """
        acl = self._acl(reader, reference)
        inherited = is_inherited(reference, path)
        if acl.names_groups:
            return self._evaluate(acl, reference, inherited, credentials, membership)
        origin = credentials.origin if acl.names_origins or self._strict else None
        key = (reference.id, reference.version, inherited, credentials.agent, origin)
        decision = self._evaluated.get(key)
        if decision is None:
            decision = self._evaluate(acl, reference, inherited, credentials, membership)
            if reader.is_committed(reference.id):
                self._evaluated.put(key, decision)
        return decision

    def _evaluate(
        self,
        acl: wac.ACL,
        reference: ACLReference,
        inherited: bool,
        credentials: Credentials,
        membership: wac.Membership,
    ) -> Decision:
        url = self._placement.url(reference.subject)
        acl_url = url + Auxiliary.ACL.value
        everyone = Credentials(origin=credentials.origin)
        granted = wac.evaluate(
            acl, url, inherited=inherited, credentials=credentials, membership=membership, strict=self._strict
        )
        public = wac.evaluate(acl, url, inherited=inherited, credentials=everyone, strict=self._strict)
        reasons = tuple(Reason(rule.modes & granted.modes, rule.name, acl_url) for rule in granted.rules)
        return Decision(granted.modes, public.modes, reasons, acl_url, inherited)

    def _acl(self, reader: Reader, reference: ACLReference) -> wac.ACL:
        key = (reference.id, reference.version)
        acl = self._acls.get(key)
        if acl is None:
            METERS.looked_up(ACL_CACHE, hit=False)
            found = reader.rules(reference)
            if found is None:
                raise VersionMoved("The access rules changed while they were read; try again.")
            media_type, content = found
            acl = self._parse(reference, media_type, content)
            if reader.is_committed(reference.id):
                self._acls.put(key, acl, 1 + len(content) // ORDINARY_ACL_BYTES)
        return acl

    def _parse(self, reference: ACLReference, media_type: str, content: bytes) -> wac.ACL:
        """The rules of an ACL; none when it does not parse. Its storage's owners keep control and can repair it."""
        base = self._placement.url(reference.subject + Auxiliary.ACL.value)
        try:
            dataset = formats.parse(content, media_type, base=base, limits=self._limits)
        except PodError as error:
            log.error("acl unreadable", acl=base, why=str(error))  # noqa: TRY400 -- the document, not us
            return wac.EMPTY
        return wac.parse_acl(dataset.default, self._canonical)

    def _canonical(self, url: str) -> str:
        """The one spelling of a URL of ours; others, and parts of documents, stay as they are."""
        path = None if "#" in url or "?" in url else self._placement.local_path(url)
        try:
            return self._placement.url(Target.parse(path).path) if path else url
        except PodError:
            return url
