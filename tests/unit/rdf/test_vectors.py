"""Every example of the specifications, read by us and by rdflib (JSON-LD: pyld), which must agree."""

import json
from pathlib import Path

import pytest
import rdflib
from pyld import jsonld as pyld

from pod.errors import NotAcceptable, PatchDidNotMatch, UnprocessableContent
from pod.rdf import contexts, formats, n3patch
from pod.rdf.graph import Dataset, Graph
from pod.rdf.patch import apply
from tests.unit.rdf.reading import BASE, LIMITS, document

VECTORS = Path(__file__).parents[2] / "vectors"
DOCUMENTS = sorted((VECTORS / "documents").iterdir())
SUFFIXES = {f".{formats.code(each)}": each for each in formats.MEDIA_TYPES}
RDFLIB_NAMES = {".ttl": "turtle", ".nt": "nt", ".nq": "nquads", ".trig": "trig", ".rdf": "xml"}
UNMAPPED_KEYS = {f"lws10-core-ed-0{number}" for number in (1, 2, 4, 5, 6)}
"""Nodes below a key that no context maps: JSON-LD leaves them out, our parser reads them (see pod/rdf/jsonld.py)."""
UNKNOWN_CONTEXTS = {"ldn-01", "ldn-04"}  # http://schema.org/

READABLE = [file for file in DOCUMENTS if file.stem not in UNKNOWN_CONTEXTS]


def by_others(content: bytes, suffix: str) -> Dataset:
    """What other libraries read, told to us line by line."""
    if suffix == ".jsonld":
        content, _ = contexts.with_contexts(content, BASE, LIMITS, contexts.OFFLINE)
        return document(
            pyld.to_rdf(json.loads(content), {"base": BASE, "format": "application/n-quads"}), "application/n-quads"
        )
    dataset = rdflib.Dataset()
    dataset.parse(data=content, format=RDFLIB_NAMES[suffix], publicID=BASE)
    quads = dataset.serialize(format="nquads")
    return document(quads, "application/n-quads")


def united(dataset: Dataset) -> Graph:
    """All graphs of a dataset as one."""
    return Graph(triple for graph in (dataset.default, *dataset.named.values()) for triple in graph)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # rdflib uses its own old names
@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_we_and_others_read_the_same(file: Path):
    if file.stem in UNKNOWN_CONTEXTS:
        with pytest.raises(UnprocessableContent):
            document(file.read_bytes(), SUFFIXES[file.suffix])
        return
    content = file.read_bytes()
    ours = document(content, SUFFIXES[file.suffix])
    theirs = by_others(content, file.suffix)
    if file.stem in UNMAPPED_KEYS:
        assert len(united(ours)) > len(united(theirs))
    else:
        assert united(ours).isomorphic(united(theirs))


@pytest.mark.parametrize("file", READABLE, ids=lambda file: file.name)
@pytest.mark.parametrize("media_type", formats.MEDIA_TYPES)
def test_documents_convert_to_what_says_the_same(file: Path, media_type: str):
    before = document(file.read_bytes(), SUFFIXES[file.suffix])
    try:
        content = formats.serialize(before, media_type)
    except NotAcceptable:
        assert media_type == "application/rdf+xml"
        return
    after = document(content, media_type)
    assert after.default.isomorphic(before.default)
    if formats.FORMATS[media_type].named_graphs:
        assert united(after).isomorphic(united(before))


TARGETS = [
    (example / "patch.n3", target)
    for example in sorted((VECTORS / "n3-patch").iterdir())
    for target in sorted((example / "targets").glob("*.ttl"))
    if not target.name.endswith(".after.ttl")
]


@pytest.mark.requirement("solid#server-patch-n3-semantics")
@pytest.mark.parametrize(("patch", "target"), TARGETS, ids=lambda file: file.stem)
def test_the_patch_examples_do_as_the_specification_says(patch: Path, target: Path):
    parsed = n3patch.parse(patch.read_bytes(), base=BASE, limits=LIMITS)
    before = document(target.read_bytes())
    if target.name.endswith(".409.ttl"):
        with pytest.raises(PatchDidNotMatch):
            apply(parsed, before, limits=LIMITS)
        return
    expected = document(target.with_suffix(".after.ttl").read_bytes())
    assert apply(parsed, before, limits=LIMITS).default.isomorphic(expected.default)
