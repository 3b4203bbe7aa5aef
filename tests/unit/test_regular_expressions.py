"""Possessive groups whose body can fail half-way match wrongly in Python before 3.11.5, and Debian 12 has 3.11.2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import pod

SOURCES = sorted(Path(pod.__file__).parent.rglob("*.py"))
POSSESSIVE_GROUP = re.compile(r"(?<!\\)\)(?:[*+?]|\{[0-9,]+\})\+|\(\?>")
HARMLESS = {r'_SPACE = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"'}
"""Each alternative fails at its first character or not at all."""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(Path(pod.__file__).parent)))
def test_no_group_is_possessive(source):
    lines = source.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if "re.compile" in line or line.startswith("_") if POSSESSIVE_GROUP.search(line)]
    assert set(found) <= HARMLESS


def test_the_rule_knows_a_possessive_group():
    assert POSSESSIVE_GROUP.search(r'"(?:[^"\\]++|\\.)*+"')
    assert not POSSESSIVE_GROUP.search(r"[^\])]*+")
