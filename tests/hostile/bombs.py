"""Small documents that take a parser's memory, its stack or everybody's time. Each is to be refused, at once.

Those named as crashes ended the whole process, or would take more memory than the machine has, when they were found.
"""

from __future__ import annotations

import json

TURTLE, JSON_LD, RDF_XML, N_TRIPLES = (
    "text/turtle",
    "application/ld+json",
    "application/rdf+xml",
    "application/n-triples",
)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
LINKS = 20_000
TERM = "<http://x/>"


def chain(*, backwards: bool = False, aliases: bool = False, closed: bool = False) -> str:
    """A JSON-LD context whose terms are defined by each other, one after the other."""
    step = -1 if backwards else 1
    context: dict[str, object] = {}
    for number in range(LINKS):
        other = f"t{number + step}"
        context[f"t{number}"] = {"@id": other} if aliases else f"{other}:a"
    context[f"t{-1 if backwards else LINKS}"] = "t0:a" if closed else "http://x/"
    return json.dumps({"@context": context, "t0": 1})


def one_iri_in_all_definitions(size: int = 500_000) -> str:
    terms = {f"t{number}": "long:a" for number in range(100_000)}
    return json.dumps({"@context": {"long": f"http://{'x' * size}/", **terms}, "t0": 1})


def vocabulary_in_all_definitions(size: int = 500_000) -> str:
    terms = {f"t{number}": {"@type": "@id"} for number in range(100_000)}
    return json.dumps({"@context": {"@vocab": f"http://{'x' * size}/", **terms}, "t0": "x"})


def xml(inner: str, namespace: str = "http://e.example/") -> str:
    return f'<rdf:RDF xmlns:rdf="{RDF}" xmlns:e="{namespace}">{inner}</rdf:RDF>'


def xml_literal(parse_type: str = "Literal") -> str:
    """Every element of an XML literal repeats the namespaces around it."""
    elements = "<e:a/>" * 50_000
    inner = f'<rdf:Description><e:p rdf:parseType="{parse_type}">{elements}</e:p></rdf:Description>'
    return xml(inner, "http://e.example/" + "x" * 200_000)


def attributes(name: str) -> str:
    """Every attribute of an element is compared with every other."""
    return xml(f"<rdf:Description {' '.join(name.format(number) for number in range(200_000))}/>")


def triple_terms(opening: str = "<<( ", closing: str = " )>>") -> str:
    nested = f"{opening}{TERM} {TERM} " * LINKS + TERM + closing * LINKS
    return f"{TERM} {TERM} {nested} ."


BOMBS = {
    "arrays 1,000 deep": (JSON_LD, "[" * 1_000 + "]" * 1_000),
    "graphs 1,000 deep": (JSON_LD, '{"@graph":[' * 1_000 + "]}" * 1_000),
    "reverse properties 1,000 deep": (JSON_LD, '{"@reverse":{"http://x/p":' * 500 + "{}" + "}}" * 500),
    "nested properties 1,000 deep": (JSON_LD, '{"@nest":' * 1_000 + "{}" + "}" * 1_000),
    "included 1,000 deep": (JSON_LD, '{"@included":[' * 1_000 + "]}" * 1_000),
    "terms built on the next (crash)": (JSON_LD, chain()),
    "terms built on the last (crash)": (JSON_LD, chain(backwards=True)),
    "terms that are other terms (crash)": (JSON_LD, chain(aliases=True)),
    "terms built on each other in a circle (crash)": (JSON_LD, chain(closed=True)),
    "one long IRI in all definitions (crash)": (JSON_LD, one_iri_in_all_definitions()),
    "a long vocabulary in all definitions (crash)": (JSON_LD, vocabulary_in_all_definitions()),
    "millions of empty objects": (JSON_LD, "[" + "{}," * 2_000_000 + "1]"),
    "millions of numbers": (JSON_LD, "[" + "1," * 5_000_000 + "1]"),
    "a million keys": (JSON_LD, "{" + ",".join(f'"k{number}":1' for number in range(1_000_000)) + "}"),
    "triple terms in lines (crash)": (N_TRIPLES, triple_terms()),
    "triple terms in lines with graphs (crash)": ("application/n-quads", triple_terms()),
    "triple terms in Turtle": (TURTLE, triple_terms()),
    "triple terms in TriG": ("application/trig", triple_terms()),
    "triple terms in XML": (RDF_XML, xml('<e:c><e:p rdf:parseType="Triple">' * 5_000 + "</e:p></e:c>" * 5_000)),
    "an XML literal (crash)": (RDF_XML, xml_literal()),
    "an XML literal by another name (crash)": (RDF_XML, xml_literal("&#76;iteral")),
    "attributes": (RDF_XML, attributes('e:a{}="1"')),
    "namespaces": (RDF_XML, attributes('xmlns:n{}="http://n/"')),
    "one IRI of megabytes": (N_TRIPLES, f"<http://x/{'x' * 5_000_000}> {TERM} {TERM} ."),
    "a name of megabytes": (TURTLE, f"@prefix p: {TERM} . {TERM} {TERM} p:{'x' * 5_000_000} ."),
    "a blank node label of megabytes": (TURTLE, f"_:{'x' * 5_000_000} {TERM} 1 ."),
    "a literal of megabytes": (TURTLE, f'{TERM} {TERM} "{"x" * 5_000_000}" .'),
    "a number of megabytes": (TURTLE, f"{TERM} {TERM} {'1' * 5_000_000} ."),
    "too many prefixes": (TURTLE, "".join(f"@prefix p{number}: {TERM} ." for number in range(5_000))),
    "strings without end": (TURTLE, "<a> <b> (" + "[]," * 200 + '"",' * 3_000_000),
}
