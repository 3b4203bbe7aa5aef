"""Who somebody is: from what a person types or pastes to a WebID, and from a WebID to a name.

Documents of this server are read as everybody may read them; those of others are fetched by the guarded client, at a
bounded rate. What a profile says of itself is shown beside its address, never instead of it.

Spec: WebID Profile #webid-profile-data-model; Solid-OIDC #oidc-issuer-discovery
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pod.errors import Busy, PodError, UnprocessableContent
from pod.operations.attempts import Allowance, spend
from pod.protocol.placement import is_storage_name
from pod.rdf import formats
from pod.rdf.graph import IRI, Graph, Literal
from pod.rdf.outline import NAME_CHARACTERS_MAX, NAMES, SOMEBODY
from pod.rdf.vocab import FOAF, PIM, RDF, SOLID
from pod.remote.client import Limits as FetchLimits
from pod.remote.client import Remote
from pod.remote.errors import RemoteError
from pod.remote.fairness import Places
from pod.remote.pace import Paced
from pod.services import Services
from pod.sharing.audiences import is_web_iri
from pod.store.records import SERVER

ACCEPT = "text/turtle, application/ld+json;q=0.8, application/n-triples;q=0.7, application/rdf+xml;q=0.5"
STATEMENTS_MAX = 10_000
"""In a profile. Reading these takes a twentieth of a second."""
FETCHES_PER_MINUTE = 30
"""From one host, by each web process. Not counted with `dev`."""
LOOKS = Allowance("looking for people", 60, 3600)
"""At other servers, for one account."""


class NobodyThere(UnprocessableContent):
    """What was typed leads to nobody: a typing error, or a profile that cannot be read now."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A WebID, and what its profile says to call them."""

    web_id: str
    name: str | None = None


class People:
    """Finds people. Shared by all threads."""

    def __init__(self, services: Services, remote: Remote | None = None) -> None:
        """`remote` fetches profiles; by default the guarded client."""
        config = services.config
        self._services = services
        self._remote = remote or Paced(services.outbound(), services.clock, 0 if config.dev else FETCHES_PER_MINUTE)
        self._places = Places(config.threads // 2)
        self._fetch_limits = FetchLimits.of(config)
        self._limits = replace(services.limits, bytes=config.remote_bytes_max, triples=STATEMENTS_MAX)

    def find(self, typed: str, known: Mapping[str, str], account: int) -> Somebody:
        """Whom an account means: one of those `known` (WebIDs and names) by name, an account here by name, or whoever a
        WebID or the page of a profile is about. May wait for that page.

        Raises: UnprocessableContent -- NobodyThere, or it is no address; TooManyRequests, Busy -- too many pages were
            fetched for this account, or are for all
        """
        text = typed.strip().removeprefix("<").removesuffix(">").strip()
        if not text:
            raise UnprocessableContent("Say whom to share with: their WebID, or the address of their profile.")
        if "://" in text:
            return Somebody(text, known[text]) if text in known else self._at(text, account)
        by_name = [web_id for web_id, name in known.items() if text.casefold() == name.casefold()]
        if len(by_name) != 1:
            return self._by_name(text, account)
        self._check_unmistakable(text, by_name[0])
        return Somebody(by_name[0], known[by_name[0]])

    def name(self, web_id: str) -> str | None:
        """What the profile of somebody here says to call them. Nothing is fetched."""
        if not self._services.public_documents.is_ours(web_id):
            return None
        graph = self._own(web_id)
        return None if graph is None else _name(graph, web_id)

    def _check_unmistakable(self, text: str, web_id: str) -> None:
        """People choose their own names, so that of an account here, or an address, is not left to whoever took it.

        Raises: UnprocessableContent
        """
        is_address = "." in text and is_web_iri(f"https://{text}") and not web_id.startswith(f"https://{text}")
        if is_address:
            raise UnprocessableContent("You know somebody who calls themselves what is an address: paste a WebID.")
        named = self._services.accounts.by_name(text.lower()) if is_storage_name(text.lower()) else None
        if named is not None and web_id not in self._services.accounts.web_ids(named.id):
            raise UnprocessableContent("You know somebody of this name, and somebody else here has it: paste a WebID.")

    def _by_name(self, text: str, account: int) -> Somebody:
        """Raises: NobodyThere, TooManyRequests, Busy."""
        named = self._services.accounts.by_name(text.lower()) if is_storage_name(text.lower()) else None
        web_ids = self._services.accounts.web_ids(named.id) if named else ()
        if named is not None and named.stands and web_ids:
            return Somebody(web_ids[0], self.name(web_ids[0]) or named.name)
        if "." in text and is_web_iri(f"https://{text}"):
            return self._at(f"https://{text}", account)
        raise NobodyThere(f"Nobody here is called “{text[:NAME_CHARACTERS_MAX]}”. Paste the address of their profile.")

    def _at(self, url: str, account: int) -> Somebody:
        """Raises: UnprocessableContent, NobodyThere, TooManyRequests, Busy."""
        if not is_web_iri(url):
            raise UnprocessableContent("This is not the address of anybody. It begins with https://.")
        is_ours = self._services.public_documents.is_ours(url)
        document = url.partition("#")[0]
        graph, document = (self._own(url), document) if is_ours else self._fetched(document, account)
        if graph is None:
            raise NobodyThere("There is no profile at this address that everyone may see. Check it for typing errors.")
        candidates = list(dict.fromkeys(_candidates(graph, document, url)))
        if len(candidates) != 1:
            how = "more than one person" if candidates else "nobody"
            raise NobodyThere(f"This address tells of {how}. Ask them for their WebID, and paste that.")
        return Somebody(candidates[0], _name(graph, candidates[0]))

    def _own(self, url: str) -> Graph | None:
        found = self._services.public_documents.read(url.partition("#")[0])
        return None if found is None else self._read(found.content, found.media_type, found.url)

    def _fetched(self, url: str, account: int) -> tuple[Graph | None, str]:
        """Raises: NobodyThere, TooManyRequests, Busy."""
        with self._services.store.write(SERVER) as tx:
            spend(self._services, tx, LOOKS, str(account))
        if not self._places.take(account):
            raise Busy("Too many people are being looked for; try again in a moment.", headers=(("Retry-After", "5"),))
        try:
            answer = self._remote.fetch(url, accept=ACCEPT, limits=self._fetch_limits)
        except RemoteError as error:
            raise NobodyThere("The server at this address does not answer. Check it for typing errors.") from error
        finally:
            self._places.give_back(account)
        if answer.status != 200:
            raise NobodyThere("There is no profile at this address that everyone may see. Check it for typing errors.")
        return self._read(answer.body, answer.media_type, answer.url), answer.url

    def _read(self, content: bytes, media_type: str, url: str) -> Graph | None:
        try:
            return formats.parse(content, media_type, base=url, limits=self._limits).default
        except Busy:
            raise
        except PodError:
            return None


def _candidates(graph: Graph, document: str, url: str) -> Iterator[str]:
    """Whom a document is about: whom the address names, if it says something of them, or who it says it is about."""
    if "#" in url or graph.count(IRI(url), SOLID.oidcIssuer) or graph.count(IRI(url), PIM.storage):
        yield from [url] if graph.count(IRI(url)) else ()
        return
    about = [term for term in graph.objects(IRI(document), FOAF.primaryTopic) if isinstance(term, IRI)]
    if about:
        yield from (each.value for each in about)
        return
    identities = [triple.subject for triple in graph.match(p=SOLID.oidcIssuer)]
    if not identities:
        identities = [triple.subject for triple in graph.match(p=RDF.type) if triple.object in SOMEBODY]
    yield from (each.value for each in identities if isinstance(each, IRI))


def _name(graph: Graph, web_id: str) -> str | None:
    found = (graph.value(IRI(web_id), each) for each in NAMES)
    return next((each.value[:NAME_CHARACTERS_MAX] for each in found if isinstance(each, Literal) and each.value), None)
