"""Making a storage: its root container and access rules, and the few documents every Solid app looks for.

Everything is made in the caller's transaction. Besides the profile, the public may read the public type index and
append to the inbox; all else is the owner's alone. In both languages of access rules that is the same.

Spec: Solid #storage-resource; WAC #server-root-container-acl; ACP #access-control-resource; WebID Profile
#webid-profile-data-model; Type Indexes #public-type-index; LDN #inbox
"""

from __future__ import annotations

from hashlib import sha256

from pod.operations.content import EMPTY
from pod.protocol.modes import AccessMode
from pod.protocol.placement import Placement
from pod.protocol.resource import INBOX, Target
from pod.rdf import documents
from pod.store.interface import Writer
from pod.store.records import ACLReference, Content, Kind, StorageState

TURTLE = "text/turtle"
PROFILE = "profile/card"
SETTINGS = "settings/"
PREFERENCES = "settings/prefs.ttl"
PUBLIC_TYPE_INDEX = "settings/publicTypeIndex.ttl"
PRIVATE_TYPE_INDEX = "settings/privateTypeIndex.ttl"


def provision(
    tx: Writer, placement: Placement, *, account: int, name: str, web_id: str, acp: bool = False
) -> StorageState:
    """A storage for an account, with everything in it. The issuer in its profile is this server.

    `acp`: its access rules are those of Access Control Policy, not of Web Access Control.

    Raises: Conflict -- there is a storage of that name.
    """
    storage = tx.create_storage(f"/{name}/", account, (web_id,))
    Maker(tx, placement, storage.path, web_id, acp=acp).make_all(issuer=placement.base_url, name=name)
    return storage


class Maker:
    """Makes the resources of one new storage, each with the ACL in force at that moment in its journal entry."""

    def __init__(self, tx: Writer, placement: Placement, root: str, web_id: str, *, acp: bool) -> None:
        self._tx = tx
        self._placement = placement
        self._root = root
        self._web_id = web_id
        self._is_acp = acp
        self._root_acl: ACLReference | None = None

    def make_all(self, *, issuer: str, name: str) -> None:
        self._container("")
        self._root_acl = self._acl("", AccessMode.NONE)
        for container in ("profile/", INBOX, SETTINGS):
            self._container(container)
        self._document(PROFILE, self._profile(issuer, name), protected=True)
        self._document(
            PREFERENCES,
            documents.preferences(
                self._url(PREFERENCES), self._web_id, private_type_index=self._url(PRIVATE_TYPE_INDEX)
            ),
        )
        self._document(PUBLIC_TYPE_INDEX, documents.type_index(self._url(PUBLIC_TYPE_INDEX), listed=True))
        self._document(PRIVATE_TYPE_INDEX, documents.type_index(self._url(PRIVATE_TYPE_INDEX), listed=False))
        self._acl(PROFILE, AccessMode.READ)
        self._acl(PUBLIC_TYPE_INDEX, AccessMode.READ)
        self._acl(INBOX, AccessMode.APPEND)

    def _profile(self, issuer: str, name: str) -> bytes:
        return documents.profile(
            self._web_id,
            issuers=[issuer],
            storages=[self._url("")],
            preferences=self._url(PREFERENCES),
            public_type_index=self._url(PUBLIC_TYPE_INDEX),
            inbox=self._url(INBOX),
            name=name,
        )

    def _url(self, path: str) -> str:
        return self._placement.url(self._root + path)

    def _container(self, path: str) -> None:
        self._tx.create(Target.parse(self._root + path), Kind.CONTAINER, EMPTY, acl=self._root_acl)

    def _document(self, path: str, turtle: bytes, *, protected: bool = False) -> None:
        target = Target.parse(self._root + path)
        self._tx.create(target, Kind.RDF, _content(turtle), acl=self._root_acl, protected=protected)

    def _acl(self, path: str, public: AccessMode) -> ACLReference:
        subject = Target.parse(self._root + path)
        turtle = self._rules(path, public)
        state = self._tx.create(Target.parse(subject.acl), Kind.RDF, _content(turtle), acl=self._root_acl)
        return ACLReference(subject.path, state.id, state.version)

    def _rules(self, path: str, public: AccessMode) -> bytes:
        """Under Access Control Policy, what the root says of its owner holds for everything in it."""
        if not self._is_acp:
            return documents.access_control_list(self._url(path), owners=[self._web_id], public=public)
        owners = [self._web_id] if path == "" else []
        return documents.access_control_resource(self._url(path), owners=owners, public=public)


def _content(turtle: bytes) -> Content:
    return Content(TURTLE, len(turtle), sha256(turtle).hexdigest(), inline=turtle)
