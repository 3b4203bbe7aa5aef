"""N3 Patch: the text of a patch document becomes a Patch, or the rule that it breaks becomes a 422.

Of Notation3 only what a patch can hold is read: Turtle, formulae in braces, and variables. The target is not known
here.

Spec: Solid #n3-patch (Editor's Draft: inserts may hold blank nodes)
"""

from __future__ import annotations

from collections.abc import Iterable

from pod.errors import UnprocessableContent
from pod.rdf.graph import IRI, BNode, Variable
from pod.rdf.lexer import Kind, Lexer
from pod.rdf.limits import Limits, too_many_bytes
from pod.rdf.patch import Operation, Patch, PatchKind
from pod.rdf.patterns import (
    Formula,
    Pattern,
    PatternReader,
    PatternTerm,
    Statement,
    as_patterns,
    decoded_text,
    has_blank_nodes,
    variables,
)
from pod.rdf.vocab import RDF, SOLID

TYPES = (SOLID.Patch, SOLID.InsertDeletePatch)
FORMULAE = (SOLID.deletes, SOLID.inserts, SOLID.where)
EMPTY = Formula((), frozenset(), {})


def parse(text: bytes, *, base: str, limits: Limits) -> Patch:
    """The patch in a document whose relative IRIs resolve against `base`.

    Raises: MalformedContent -- this is not N3. ContentTooLarge -- a cap.
    Raises: UnprocessableContent -- it is N3, but no patch. Spec: Solid #server-patch-n3-invalid
    """
    if len(text) > limits.patch_bytes:
        raise too_many_bytes(limits.patch_bytes)
    reader = PatternReader(Lexer(decoded_text(text)), base, limits)
    reader.formula = reader.braces
    while reader.lexer.kind != Kind.END:
        _statement(reader)
    resource = _patch_resource(reader.block.statements)
    return _patch(resource, frozenset(reader.block.labels))


def _statement(reader: PatternReader) -> None:
    lexer = reader.lexer
    if lexer.at_word("PREFIX", "BASE"):
        _declaration(reader, lexer.advance().lower())
        return
    if lexer.kind == Kind.AT and lexer.text in {"@prefix", "@base"}:
        _declaration(reader, lexer.advance()[1:])
    else:
        reader.triples()
    lexer.expect(".")


def _declaration(reader: PatternReader, keyword: str) -> None:
    if keyword == "prefix":
        reader.declare_prefix()
    else:
        reader.declare_base()


def _patch_resource(statements: Iterable[Statement]) -> list[Statement]:
    """What the document says about its only patch resource.

    Spec: Solid #server-patch-n3-patches, #server-patch-n3-single, #server-patch-n3-patch-identifier
    """
    about: dict[PatternTerm, list[Statement]] = {}
    for statement in statements:
        subject, verb, value = statement
        if verb in FORMULAE or (verb == RDF.type and value in TYPES):
            about.setdefault(subject, []).append(statement)
    if len(about) != 1:
        raise UnprocessableContent(
            f"A patch document must hold exactly one patch resource; this one holds {len(about)}."
        )
    ((subject, found),) = about.items()
    if not isinstance(subject, IRI | BNode):
        raise UnprocessableContent("The patch resource must be an IRI or a blank node.")
    return found


def _patch(resource: list[Statement], outside: frozenset[str]) -> Patch:
    if not any(verb == RDF.type and value == SOLID.InsertDeletePatch for _, verb, value in resource):
        # Spec: Solid #server-patch-n3-simple-type
        raise UnprocessableContent("The patch resource must have the type solid:InsertDeletePatch.")
    deletes, inserts, where = (_formula(resource, predicate) for predicate in FORMULAE)
    _check_labels(inserts.labels, where.labels, outside)
    operation = Operation(as_patterns(deletes), as_patterns(inserts), as_patterns(where))
    _check_deletes(operation.deletes)
    _check_variables(operation)
    return Patch(PatchKind.N3, (operation,), inserts.prefixes)


def _formula(resource: list[Statement], predicate: IRI) -> Formula:
    """Spec: Solid #server-patch-n3-deletes, #server-patch-n3-inserts, #server-patch-n3-where and -formulae"""
    name = predicate.value.rpartition("#")[2]
    values = [value for _, verb, value in resource if verb == predicate]
    if len(values) > 1:
        raise UnprocessableContent(f"A patch resource can have solid:{name} only once.")
    if not values:
        return EMPTY
    if not isinstance(values[0], Formula):
        raise UnprocessableContent(f"The value of solid:{name} must be a formula in braces.")
    return values[0]


def _check_labels(inserts: frozenset[str], where: frozenset[str], outside: frozenset[str]) -> None:
    """Spec: Solid #server-patch-n3-blank-nodes-syntax"""
    shared = (inserts & where) | ((inserts | where) & outside)
    if shared:
        raise UnprocessableContent(
            f"The blank node _:{min(shared)} may not be used both in solid:inserts or solid:where and elsewhere in the "
            "patch: it would not be the same node. Use a variable."
        )


def _check_deletes(deletes: tuple[Pattern, ...]) -> None:
    """Spec: Solid #server-patch-n3-blank-nodes"""
    if has_blank_nodes(deletes):
        raise UnprocessableContent(
            "solid:deletes may not hold blank nodes or lists: find the node with a variable in solid:where instead."
        )


def _check_variables(operation: Operation) -> None:
    """Spec: Solid #server-patch-n3-variables"""
    unknown = variables(operation.deletes + operation.inserts) - variables(operation.where)
    if unknown:
        raise UnprocessableContent(f"The variable {_first(unknown)} must occur in solid:where too.")


def _first(found: set[Variable]) -> str:
    return min(map(str, found))
