"""Possessive groups whose body can fail half-way match wrongly in Python before 3.11.5, and Debian 12 has 3.11.2."""

from __future__ import annotations

import importlib
import pkgutil
import re
from re import _constants as constants
from re import _parser as parser

import pytest

import pod

MODULES = sorted(each.name for each in pkgutil.walk_packages(pod.__path__, "pod."))
ONE_CHARACTER = {constants.IN, constants.ANY, constants.LITERAL, constants.NOT_LITERAL}
HARMLESS = {"pod.rdf.lexer": ("_TOKEN", "_SPACES")}
"""White space and comments: each alternative fails at its first character or not at all."""


def possessive_groups(node):
    """Every possessive repetition of more than one character in a parsed expression."""
    if isinstance(node, tuple) and node[:1] == (constants.POSSESSIVE_REPEAT,):
        body = node[1][2]
        if len(body) != 1 or body[0][0] not in ONE_CHARACTER:
            yield body
    if isinstance(node, tuple | list | parser.SubPattern):
        for each in node:
            yield from possessive_groups(each)


@pytest.mark.parametrize("name", MODULES)
def test_no_group_is_possessive(name):
    patterns = {key: each for key, each in vars(importlib.import_module(name)).items() if isinstance(each, re.Pattern)}
    parsed = {key: parser.parse(each.pattern, each.flags & ~re.DEBUG) for key, each in patterns.items()}
    found = [key for key, each in parsed.items() for _ in possessive_groups(each)]
    assert sorted(found) == sorted(HARMLESS.get(name, ()))


def test_a_possessive_group_is_found_and_a_class_is_none():
    assert list(possessive_groups(parser.parse(r'"(?:[^"\\]++|\\.)*+"')))
    assert not list(possessive_groups(parser.parse(r'[^\])]*+"?+')))
