"""Pages for browsers at the URLs of resources: one more representation, for those who like it best.

Spec: RFC 9110 s8.8.3, s12.5.1, s13.1.2; Solid Protocol #resource-representations; WAC #wac-allow
"""

from __future__ import annotations

import re
from itertools import product

import pytest
import requests

from tests.support.client import SolidClient, assert_problem, authorization, listed

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
HTML = "text/html; charset=utf-8"


def read_in(language: str) -> dict[str, str]:
    return BROWSER | {"Accept-Language": language}


@pytest.fixture
def public(alice: SolidClient, container: str) -> str:
    """A container that everyone may read, with a document, a file and a stored web page."""
    alice.put_acl(
        container,
        authorization(container, "Read Write Control", agents=(alice.web_id,), default=True),
        authorization(container, "Read", public=True, default=True),
    )
    alice.put_turtle(container + "doc", '<#it> <http://purl.org/dc/terms/title> "A walk" .')
    alice.put(container + "photo", b"\x89PNG", headers={"Content-Type": "image/png"})
    alice.put(container + "page", b"<p>mine", headers={"Content-Type": "text/html"})
    return container


@pytest.mark.parametrize("name", ["", "doc"])
def test_browsers_get_a_page(anyone: SolidClient, public: str, name: str) -> None:
    response = anyone.get(public + name, headers=BROWSER)
    assert (response.status_code, response.headers["Content-Type"]) == (200, HTML)
    assert response.text.startswith("<!doctype html>")
    assert ("photo" if name == "" else "A walk") in response.text


@pytest.mark.requirement("solid#server-representation-turtle-jsonld")
@pytest.mark.parametrize("accept", [None, "*/*", "text/turtle, text/html", "text/html;q=0.9, */*"])
@pytest.mark.parametrize("name", ["", "doc"])
def test_programs_get_turtle_as_before(anyone: SolidClient, public: str, name: str, accept: str | None) -> None:
    response = anyone.get(public + name, headers={"Accept": accept})
    assert response.headers["Content-Type"] == "text/turtle"


@pytest.mark.parametrize(("name", "media_type"), [("photo", "image/png"), ("page", "text/html")])
def test_files_stay_what_they_are(anyone: SolidClient, public: str, name: str, media_type: str) -> None:
    response = anyone.get(public + name, headers=BROWSER)
    assert response.headers["Content-Type"] == media_type
    assert "'unsafe-inline'" in response.headers["Content-Security-Policy"]
    assert len(response.content) < 10


def test_a_page_has_the_fields_of_its_resource(anyone: SolidClient, public: str) -> None:
    for name in ("", "doc"):
        page, data = (anyone.get(public + name, headers=headers).headers for headers in (BROWSER, {}))
        for field in ("Link", "WAC-Allow", "Allow", "Last-Modified", "Cache-Control", "X-Content-Type-Options"):
            assert page[field] == data[field], (name, field)
        assert page["Vary"] == f"{data['Vary']}, Accept-Language"


def test_nothing_in_a_page_acts(anyone: SolidClient, public: str) -> None:
    policy = anyone.get(public, headers=BROWSER).headers["Content-Security-Policy"]
    said = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert said["sandbox"] == ""
    assert said["default-src"] == "'none'"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]+'", said["style-src"])
    assert "script-src" not in said


@pytest.mark.requirement("rfc9110#8.8.3.3")
@pytest.mark.parametrize("name", ["", "doc"])
def test_a_page_has_an_entity_tag_of_its_own(anyone: SolidClient, public: str, name: str) -> None:
    pages = [anyone.get(public + name, headers=BROWSER) for _ in range(2)]
    data = anyone.get(public + name)
    assert pages[0].headers["ETag"] == pages[1].headers["ETag"] != data.headers["ETag"]
    assert pages[0].content == pages[1].content


@pytest.mark.requirement("rfc9110#13.1.2")
@pytest.mark.parametrize("name", ["", "doc"])
def test_a_page_is_not_sent_twice(anyone: SolidClient, public: str, name: str) -> None:
    etag = anyone.get(public + name, headers=BROWSER).headers["ETag"]
    again = anyone.get(public + name, headers=BROWSER | {"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'; style-src 'sha256-")
    assert anyone.get(public + name, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.requirement("solid#internationalization-best-practices")
@pytest.mark.parametrize(
    ("accepted", "language", "said"),
    [
        (None, "en", "For apps and developers"),
        ("de-AT,de;q=0.9,en;q=0.8", "de", "Für Apps und Entwickler"),
        ("it, fr;q=0.5, en;q=0.1", "fr", "Pour les applications"),
        ("it", "en", "For apps and developers"),
    ],
)
@pytest.mark.parametrize("name", ["", "doc"])
def test_a_page_is_in_the_language_of_its_reader(
    anyone: SolidClient, public: str, name: str, accepted: str | None, language: str, said: str
) -> None:
    response = anyone.get(public + name, headers=BROWSER | {"Accept-Language": accepted})
    assert (response.headers["Content-Language"], said in response.text) == (language, True)
    assert f'<html lang="{language}"' in response.text
    assert "Accept-Language" in listed(response, "Vary")


@pytest.mark.parametrize("name", ["", "doc"])
def test_a_page_in_one_language_is_none_in_another(anyone: SolidClient, public: str, name: str) -> None:
    tags = {each: anyone.get(public + name, headers=read_in(each)).headers["ETag"] for each in ("en", "de", "fr")}
    assert len(set(tags.values())) == 3
    for (ours, tag), (theirs, etag) in product(tags.items(), tags.items()):
        again = anyone.get(public + name, headers=read_in(ours) | {"If-None-Match": etag})
        assert (again.status_code, again.headers["ETag"]) == (304 if ours == theirs else 200, tag)
        assert "Accept-Language" in listed(again, "Vary")
        assert ("Content-Language" in again.headers) == (again.status_code == 200)


@pytest.mark.parametrize("name", ["", "doc", "photo", "page"])
def test_data_has_no_language(anyone: SolidClient, public: str, name: str) -> None:
    headers = BROWSER if name in {"photo", "page"} else {}
    said = [anyone.get(public + name, headers=headers | {"Accept-Language": each}) for each in ("en", "de")]
    assert said[0].content == said[1].content
    assert said[0].headers["ETag"] == said[1].headers["ETag"]
    assert all("Accept-Language" not in listed(each, "Vary") for each in said)
    assert all("Content-Language" not in each.headers for each in said)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_a_write_may_follow_a_page_in_any_language(alice: SolidClient, public: str, language: str) -> None:
    etag = alice.get(public + "doc", headers=read_in(language)).headers["ETag"]
    headers = {"Content-Type": "text/turtle", "If-Match": etag}
    assert alice.put(public + "doc", b"<#a> <#b> <#c> .", headers=headers).status_code == 204
    assert alice.put(public + "doc", b"<#a> <#b> <#d> .", headers=headers).status_code == 412


def test_a_page_changes_with_its_resource(alice: SolidClient, anyone: SolidClient, public: str) -> None:
    before = {name: anyone.get(public + name, headers=BROWSER).headers["ETag"] for name in ("", "doc")}
    alice.put_turtle(public + "doc", '<#it> <http://purl.org/dc/terms/title> "A run" .')
    for name, etag in before.items():
        after = anyone.get(public + name, headers=BROWSER | {"If-None-Match": etag})
        assert after.status_code == 200, name
    assert "A run" in anyone.get(public + "doc", headers=BROWSER).text


@pytest.mark.requirement("rfc9110#9.3.2")
@pytest.mark.parametrize("name", ["", "doc", "none"])
def test_head_of_a_page(anyone: SolidClient, public: str, name: str) -> None:
    get, head = (anyone.request(method, public + name, headers=BROWSER) for method in ("GET", "HEAD"))
    assert head.content == b""
    for field in ("Content-Type", "ETag", "Content-Security-Policy"):
        assert head.headers.get(field) == get.headers.get(field)
    assert "ETag" not in head.headers or head.headers["Content-Length"] == get.headers["Content-Length"]


def test_a_write_may_follow_a_page(alice: SolidClient, public: str) -> None:
    """Of one state, whatever the format."""
    etag = alice.get(public + "doc", headers=BROWSER).headers["ETag"]
    headers = {"Content-Type": "text/turtle", "If-Match": etag}
    assert alice.put(public + "doc", b"<#a> <#b> <#c> .", headers=headers).status_code == 204


def test_an_app_that_wants_a_page_gets_what_it_may_read(alice: SolidClient, bob: SolidClient, container: str) -> None:
    alice.put_turtle(container + "doc")
    assert alice.get(container + "doc", headers=BROWSER).headers["Content-Type"] == HTML
    assert bob.get(container + "doc", headers=BROWSER).status_code == 403


def test_what_a_description_says_is_on_the_page_of_the_container(
    alice: SolidClient, anyone: SolidClient, public: str
) -> None:
    alice.put_turtle(public + ".meta", f'<{public}> <http://purl.org/dc/terms/title> "Our walks" .')
    assert "<h1><bdi>Our walks" in anyone.get(public, headers=BROWSER).text


# -- long listings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["?page=1", "?page=0", "?page=x", "?page=-1", "?page=", "?page=1&page=1", "?x=<b>"])
def test_a_query_that_says_nothing_changes_nothing(anyone: SolidClient, public: str, query: str) -> None:
    assert anyone.get(public + query, headers=BROWSER).content == anyone.get(public, headers=BROWSER).content


def test_there_is_no_second_page_of_a_short_listing(anyone: SolidClient, public: str) -> None:
    assert anyone.get(public + "?page=2", headers=BROWSER).status_code == 404
    assert anyone.get(public + "?page=2").status_code == 200


# -- refusals ----------------------------------------------------------------------------------------------------------


def assert_told(response: requests.Response, status: int, title: str) -> None:
    assert (response.status_code, response.headers["Content-Type"]) == (status, HTML)
    assert response.headers["Cache-Control"] == "no-store"
    assert f"<h1>{title}</h1>" in response.text


@pytest.mark.requirement("solid#server-unauthenticated")
@pytest.mark.parametrize("name", ["", "doc", "missing", "missing/"])
def test_what_is_private_leads_to_sign_in(anyone: SolidClient, container: str, name: str) -> None:
    response = anyone.get(container + name, headers=BROWSER)
    assert_told(response, 401, "This is private")
    home = container.replace(anyone.base_url, f"{anyone.base_url}.home/") + name
    assert f'href="{home}"' in response.text
    data = anyone.get(container + name)
    assert response.headers["WWW-Authenticate"] == data.headers["WWW-Authenticate"]
    assert_problem(data, 401)


def test_private_and_missing_look_alike(alice: SolidClient, anyone: SolidClient, container: str) -> None:
    alice.put_turtle(container + "there")
    pages = [anyone.get(container + name, headers=BROWSER).text for name in ("there", "nowhr")]
    varying = re.compile(r"urn:freehold:request:[0-9a-f]+|there|nowhr")
    assert varying.sub("", pages[0]) == varying.sub("", pages[1])


def test_what_is_missing_is_told(anyone: SolidClient, public: str) -> None:
    assert_told(anyone.get(public + "none", headers=BROWSER), 404, "There is nothing here")


def test_what_is_not_shared_is_told(bob: SolidClient, container: str) -> None:
    assert_told(bob.get(container, headers=BROWSER), 403, "This is not shared with you")


@pytest.mark.parametrize("path", ["alice/%2F", "alice/..%2f", "alice/.hidden", "nobody/", "alice/a%00b"])
def test_other_refusals_are_pages_too(anyone: SolidClient, path: str) -> None:
    response = anyone.get(anyone.base_url + path, headers=BROWSER)
    data = anyone.get(anyone.base_url + path)
    assert (response.status_code, response.headers["Content-Type"]) == (data.status_code, HTML)
    assert data.json()["type"].rpartition("/")[2] in response.text


def test_programs_get_problems_as_before(anyone: SolidClient, container: str) -> None:
    for accept in (None, "*/*", "text/turtle", "application/json, text/html", "application/problem+json, text/html"):
        assert_problem(anyone.get(container, headers={"Accept": accept}), 401)


@pytest.mark.parametrize(("language", "said"), [("en", "This is private"), ("de", "Das ist privat")])
def test_a_refusal_is_in_the_language_of_its_reader(
    anyone: SolidClient, container: str, language: str, said: str
) -> None:
    response = anyone.get(container, headers=read_in(language))
    assert (response.headers["Content-Language"], said in response.text) == (language, True)
    assert "Accept-Language" in listed(response, "Vary")
    assert "Accept-Language" not in listed(anyone.get(container, headers={"Accept-Language": language}), "Vary")


def test_a_refusal_varies_with_who_asks(anyone: SolidClient, container: str) -> None:
    assert "Accept" in listed(anyone.get(container, headers=BROWSER), "Vary")


@pytest.mark.requirement("solid#cors-untrusted-origins-ignore-cookies")
@pytest.mark.parametrize("cookie", ["freehold", "__Host-freehold", "session"])
def test_no_cookie_is_honoured_at_the_url_of_a_resource(anyone: SolidClient, container: str, cookie: str) -> None:
    response = anyone.get(container, headers=BROWSER | {"Cookie": f"{cookie}=x"})
    assert response.status_code == 401
    assert "Set-Cookie" not in response.headers
