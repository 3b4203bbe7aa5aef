"""The texts of pages, as the code has them, and the catalogues that translate them: `make texts` brings these up to date.

Texts are what templates and `pod/ui` mark; what the layers below refuse with, and what they call the terms of
vocabularies, pages look up by contexts.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

import pod
from pod.mail.message import FACTORS_CHANGED, SEEN, TEXTS
from pod.rdf.words import words
from pod.ui.language import ENGLISH, LANGUAGES
from pod.ui.refusals import CONTEXT
from pod.ui.term_words import CONTEXT as TERM
from pod.ui.term_words import TERMS

PACKAGE = Path(pod.__file__).parent
TEMPLATES = PACKAGE / "ui" / "templates"
CATALOGUES = PACKAGE / "ui" / "catalogues"
TRANSLATED = tuple(sorted(set(LANGUAGES) - {ENGLISH}))
WIDTH = 120
MARKS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
JINJA = {
    "trimmed": "true",
    "newstyle_gettext": "true",
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",
}

REFUSING = (
    *("audit", "console", "files", "http/limits.py", "identity", "operations/move.py", "operations/remove_tree.py"),
    *("people", "posts", "sharing", "store", "ui"),
)
"""Where refusals are made that people see on forms."""
REFUSALS = frozenset(
    {
        "AccessDenied",
        "Busy",
        "Conflict",
        "ContentTooLarge",
        "LinkEnded",
        "LinkExpired",
        "LinkFull",
        "NoSpaceLeft",
        "NobodyThere",
        "PreconditionFailed",
        "QuotaExceeded",
        "RegistrationClosed",
        "SlashTwinExists",
        "TooManyRequests",
        "UnprocessableContent",
        "VersionMoved",
        "WrongPassword",
    }
)
FOR_PROGRAMS = re.compile(
    r"`|JSON|xsd:|@context|Content-Type|client id|parameter|must be an? (?:array|object|text)|unknown members|DPoP|PUT|JWK"
    r"|\b(?:[Cc]ontainer|DataResource|Accept|header|patch|media type|access token|credentials|statements|representation)\b"
    r"|One document|document about|Each target|that method|requested range|data directory|The data holds|access rules; say"
    r"|The (?:resource|request|content|changes|URL|same name|app may|app's)\b|visible ASCII|Say of each (?:place|resource)"
)
"""What a refusal says that no person is meant to read."""
TITLES = PACKAGE / "errors.py"

Text = tuple[str | None, str | tuple[str, str]]
"""Its context, and one form or two."""


def texts() -> list[Text]:
    """All that is to be translated, each once."""
    found = [*_marked_in_templates(), *_marked_in_code(), *_of_mail(), *_refusals(), *_titles(), *_terms()]
    return list(dict.fromkeys(found))


def _marked_in_templates() -> Iterator[Text]:
    for path in sorted(TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, function, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), JINJA):
                yield from _forms(function, message)


def _marked_in_code() -> Iterator[Text]:
    for path in sorted((PACKAGE / "ui").glob("*.py")):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, MARKS):
                yield None, message if isinstance(message, str) else (message[0], message[1])


def _forms(function: str, message: str | tuple[str | None, ...]) -> Iterator[Text]:
    if isinstance(message, str):
        yield None, message
    elif function == "ngettext":
        yield None, (message[0], message[1])
    elif message[0]:
        yield None, message[0]


def _of_mail() -> Iterator[Text]:
    """Their places are in braces."""
    for subject, text in TEXTS.values():
        yield None, subject
        yield None, text
    for text in (*FACTORS_CHANGED.values(), *SEEN.values()):
        yield None, text


def _refusals() -> Iterator[Text]:
    for place in REFUSING:
        found = PACKAGE / place
        for path in [found] if found.is_file() else sorted(found.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                text = _refused(node)
                if text and not FOR_PROGRAMS.search(text):
                    yield CONTEXT, text


def _titles() -> Iterator[Text]:
    """What kinds of refusals are called."""
    for node in ast.walk(ast.parse(TITLES.read_text())):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            named = dict(zip([_name(each) for each in node.targets[0].elts], node.value.elts, strict=True))
            title = named.get("title")
            if (
                isinstance(title, ast.Constant)
                and isinstance(title.value, str)
                and not FOR_PROGRAMS.search(title.value)
            ):
                yield CONTEXT, title.value.replace("%", "%%")


def _terms() -> Iterator[Text]:
    for each in sorted({words(term) for term in TERMS}):
        yield TERM, each


def _refused(node: ast.AST) -> str | None:
    """The text of a refusal that a call makes, with names for its values."""
    if not isinstance(node, ast.Call):
        return None
    name = _name(node.func)
    if name in REFUSALS and node.args:
        return _text(node.args[0])
    return _text(node.args[1]) if name == "Places" and len(node.args) > 1 else None


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("%", "%%")
    if not isinstance(node, ast.JoinedStr):
        return None
    pieces, names = [], {}
    for each in node.values:
        if isinstance(each, ast.Constant):
            pieces.append(str(each.value).replace("%", "%%"))
        else:
            name = _value_name(each.value)
            names[name] = names.get(name, 0) + 1
            pieces.append(f"%({name if names[name] == 1 else f'{name}{names[name]}'})s")
    return "".join(pieces)


def _value_name(node: ast.expr) -> str:
    found = [each for each in ast.walk(node) if isinstance(each, ast.Name | ast.Attribute)]
    return _name(found[0]).lower() if found else "value"


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def catalogue(language: str) -> Catalog:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def updated(language: str) -> Catalog:
    """The catalogue with the texts there are now: what is new in it is empty, what is no more is gone."""
    found, made = catalogue(language), Catalog(locale=language, fuzzy=False, charset="utf-8")
    for context, text in texts():
        known = found.get(text if isinstance(text, str) else text[0], context)
        empty = "" if isinstance(text, str) else ("", "")
        fits = known is not None and isinstance(known.string, str) == isinstance(text, str)
        made.add(text, known.string if fits else empty, context=context)
    return made


def write(language: str, catalog: Catalog) -> None:
    """Under the head that the file has, with its glossary."""
    path, file = CATALOGUES / f"{language}.po", io.BytesIO()
    write_po(file, catalog, width=WIDTH, no_location=True, sort_output=True, omit_header=True)
    head = path.read_text().partition("\n\n")[0]
    path.write_text(f"{head}\n\n{file.getvalue().decode()}")


def empty(catalog: Catalog) -> list[str | tuple[str, str]]:
    """What is not translated yet."""
    return [
        each.id for each in catalog if each.id and not all([each.string] if isinstance(each.id, str) else each.string)
    ]


def main() -> None:
    for language in TRANSLATED:
        made = updated(language)
        write(language, made)
        sys.stdout.write(f"{language}: {len(made)} texts, {len(empty(made))} of them to be translated\n")


if __name__ == "__main__":
    main()
