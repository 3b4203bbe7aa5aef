"""The namespaces the server speaks of, as constants: `ACL.Authorization` is an IRI, `ACL.iri` the namespace itself.

Terms are not listed twice: the vocabularies in `vocab/` define them, and a test holds the terms used in the code
against them.
"""

from __future__ import annotations

from pod.rdf.graph import IRI


class Namespace:
    """Terms that share the beginning of their IRI.

    `namespace.name` for plain names, `namespace["media-type"]` for others.
    """

    def __init__(self, iri: str) -> None:
        self.iri = iri

    def __getattr__(self, name: str) -> IRI:
        if name.startswith("__"):
            raise AttributeError(name)
        term = IRI(self.iri + name)
        self.__dict__[name] = term
        return term

    def __getitem__(self, name: str) -> IRI:
        term: IRI = getattr(self, name)
        return term

    def __contains__(self, term: object) -> bool:
        return isinstance(term, IRI) and term.value.startswith(self.iri)

    def __str__(self) -> str:
        return self.iri

    def __repr__(self) -> str:
        return f"Namespace({self.iri!r})"


ACL = Namespace("http://www.w3.org/ns/auth/acl#")
ACP = Namespace("http://www.w3.org/ns/solid/acp#")
AS = Namespace("https://www.w3.org/ns/activitystreams#")
DC = Namespace("http://purl.org/dc/elements/1.1/")
DCTERMS = Namespace("http://purl.org/dc/terms/")
FH = Namespace("urn:freehold:")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
LDP = Namespace("http://www.w3.org/ns/ldp#")
LWS = Namespace("https://www.w3.org/ns/lws#")
MEDIA_TYPE = Namespace("http://www.w3.org/ns/iana/media-types/")
NOTIFY = Namespace("http://www.w3.org/ns/solid/notifications#")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
OIDC = Namespace("http://www.w3.org/ns/solid/oidc#")
OWL = Namespace("http://www.w3.org/2002/07/owl#")
PIM = Namespace("http://www.w3.org/ns/pim/space#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
SOLID = Namespace("http://www.w3.org/ns/solid/terms#")
STAT = Namespace("http://www.w3.org/ns/posix/stat#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")

PREFIXES = {
    "acl": ACL.iri,
    "acp": ACP.iri,
    "as": AS.iri,
    "dcterms": DCTERMS.iri,
    "fh": FH.iri,
    "foaf": FOAF.iri,
    "ldp": LDP.iri,
    "lws": LWS.iri,
    "notify": NOTIFY.iri,
    "odrl": ODRL.iri,
    "owl": OWL.iri,
    "pim": PIM.iri,
    "rdf": RDF.iri,
    "rdfs": RDFS.iri,
    "solid": SOLID.iri,
    "stat": STAT.iri,
    "vcard": VCARD.iri,
    "xsd": XSD.iri,
}
"""What the server calls its namespaces in documents that it writes."""
