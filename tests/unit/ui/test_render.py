"""Texts become pages; what others wrote stays text, in pages and in header fields."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

import pod.ui.views  # noqa: F401 -- it brings filters of templates
from pod.ui.render import DIGEST, STATIC, STYLE, TEMPLATES, html, safety, source, static_url
from pod.ui.written import moment


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://app.example/callback?a=b", "https://app.example"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("https://APP.example/", "https://app.example"),
        ("http://[::1]:4000/", "http:"),
        ("com.example.app:/callback", "com.example.app:"),
        ("https://app.example;script-src/", "https:"),
        ("https://app.example'unsafe-inline'/", "https:"),
        ("https://user@app.example/", "https:"),
        ("nothing", "'none'"),
        ("", "'none'"),
    ],
)
def test_a_registered_url_is_one_source_of_a_policy(url: str, expected: str):
    assert source(url) == expected


@given(st.text(max_size=80))
def test_no_url_adds_a_word_to_a_policy(text: str):
    for url in (text, f"https://{text}/"):
        try:
            policy = safety("nonce", (url,))["Content-Security-Policy"]
        except ValueError:  # not a URL at all: nobody could register it
            continue
        assert policy.count(";") == 5
        assert len(re.search(r"form-action ([^;]*);", policy)[1].split(" ")) == 2


def test_only_a_page_that_runs_a_file_of_ours_allows_it_by_its_nonce():
    assert "script-src" not in safety("a-nonce")["Content-Security-Policy"]
    policy = safety("a-nonce", runs=True)["Content-Security-Policy"].split("; ")
    assert "script-src 'nonce-a-nonce'" in policy
    assert "default-src 'none'" in policy


def test_what_is_given_to_a_page_is_escaped():
    page = html("done.html", what="signed-out", csrf='"><script>', account=None)
    assert "<script>" not in page


def test_a_value_that_is_missing_is_a_mistake():
    with pytest.raises(UndefinedError):
        html("done.html", what="deletion")


@pytest.mark.parametrize("name", [name for name in TEMPLATES.list_templates() if "/" not in name])
def test_every_template_compiles_and_holds_no_script(name: str):
    source_text = TEMPLATES.loader.get_source(TEMPLATES, name)[0]
    TEMPLATES.get_template(name)
    ours = '<script src="{{ static_url(each) }}" nonce="{{ nonce }}" defer></script>'
    rest = source_text.replace(ours, "") if name == "base.html" else source_text
    assert not re.search(r"<script|\son[a-z]+=|\sstyle=|\|\s*safe", rest)


def test_what_pages_share_is_named_by_its_content():
    assert static_url("style.css") == f"/.static/{DIGEST}/style.css"
    assert STYLE.encode() == STATIC["style.css"]
    assert "url(" not in STYLE


def test_times_are_in_utc():
    assert moment(1_800_000_000_999).isoformat() == "2027-01-15T08:00:00+00:00"


# -- colours -----------------------------------------------------------------------------------------------------------

TEXT_ON = [
    ("ink", "paper"), ("ink", "card"), ("ink", "sunken"), ("ink-soft", "paper"), ("ink-soft", "card"), ("ink-soft", "sunken"),
    ("accent", "paper"), ("accent", "card"), ("accent", "accent-soft"), ("on-accent", "accent"), ("on-accent", "accent-strong"),
    ("ink", "accent-soft"), ("ink", "warn-soft"), ("ink", "bad-soft"), ("warn", "warn-soft"), ("bad", "bad-soft"), ("bad", "card"),
    ("on-bad", "bad"), ("on-bad", "bad-strong"),
]  # fmt: skip


def palettes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{([^}]*--paper[^}]*)\}", STYLE)
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    """Spec: WCAG 2.2, relative luminance."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON)
def test_text_can_be_read_on_its_ground(scheme: str, text: str, ground: str):
    colours = palettes()[scheme]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
def test_the_edges_of_inputs_and_the_focus_can_be_seen(scheme: str, ground: str):
    colours = palettes()[scheme]
    assert contrast(colours["line-strong"], colours[ground]) >= 3
    assert contrast(colours["accent"], colours[ground]) >= 3
