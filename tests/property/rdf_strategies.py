"""Random terms, graphs and patches for the properties of pod/rdf/."""

from hypothesis import strategies as st

from pod.rdf.graph import IRI, BNode, Graph, Literal, Triple
from pod.rdf.vocab import RDF, XSD

EX = "http://www.example.org/terms#"
NAMES = [f"http://pod.example/{name}" for name in ("alice", "bob", "notes/", "a.b", "é", "x#frag", "q?y=1&z=(2)")]

characters = st.characters(codec="utf-8")
texts = st.text(characters, max_size=12) | st.sampled_from(
    ['"', '"""', "\n", "\\n", "\r\n", 'a\n"', "\\", "'", "\x00\n"]
)
iris = st.sampled_from([IRI(name) for name in NAMES]) | st.from_regex(
    r"[a-z0-9_.~!$&'()*+,;=:@-]{0,6}", fullmatch=True
).map(lambda local: IRI(EX + local))
properties = st.sampled_from([IRI(EX + name) for name in ("p", "q", "r")]) | st.just(RDF.type)
blanks = st.sampled_from([BNode("x"), BNode("y"), BNode("b0"), BNode("0123456789abcdef0123456789abcdef")])
literals = st.one_of(
    texts.map(Literal),
    st.builds(lambda text, tag: Literal(text, language=tag), texts, st.sampled_from(["en", "de-ch", "x-private"])),
    st.builds(
        lambda text, kind: Literal(text, datatype=kind),
        texts | st.sampled_from(["1", "+01", "1.", ".5", "1e0", "true", "1.5E-3", "INF"]),
        st.sampled_from([XSD.integer, XSD.decimal, XSD.double, XSD.boolean, XSD.date, IRI(EX + "own")]),
    ),
)
triples = st.builds(Triple, iris | blanks, properties, iris | blanks | literals)


@st.composite
def graphs(draw: st.DrawFn, max_size: int = 12) -> Graph:
    """Statements of every kind, and among them some well-formed lists."""
    graph = Graph(draw(st.lists(triples, max_size=max_size)))
    for head in draw(st.lists(iris | blanks, max_size=2)):
        items = draw(st.lists(iris | blanks | literals, max_size=4))
        cells = [BNode() for _ in items]
        graph.add(Triple(head, IRI(EX + "list"), cells[0] if cells else RDF.nil))
        for cell, item, rest in zip(cells, items, [*cells[1:], RDF.nil], strict=False):
            graph.add(Triple(cell, RDF.first, item))
            graph.add(Triple(cell, RDF.rest, rest))
    return graph


# -- patches over a small world, where patterns often match -------------------------------------------------------------

small_nodes = st.sampled_from([f":{name}" for name in "abc"])
small_values = small_nodes | st.sampled_from(['"v"', '"w"@en', "1"])
small_properties = st.sampled_from(["ex:p", "ex:q"])
variables = st.sampled_from(["?x", "?y", "?z"])


def statements(
    subjects: st.SearchStrategy[str], verbs: st.SearchStrategy[str], values: st.SearchStrategy[str], most: int
):
    """Some statements in the syntax that Turtle, N3 and SPARQL share."""
    return st.lists(st.tuples(subjects, verbs, values).map(" ".join), max_size=most, unique=True)


facts = statements(small_nodes | st.just("_:f"), small_properties, small_values | st.just("_:g"), 8)
conditions = statements(
    small_nodes | variables | st.just("_:e"), small_properties | variables, small_values | variables, 3
)
removals = statements(small_nodes | variables, small_properties | variables, small_values | variables, 3)
additions = statements(
    small_nodes | variables | st.just("_:n"), small_properties | variables, small_values | variables, 3
)
ground = statements(small_nodes, small_properties, small_values, 4)


def block(parts: list[str]) -> str:
    return "{ " + " . ".join(parts) + " }"
