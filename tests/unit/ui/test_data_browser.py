"""The data browser's page: who gets it, what may run in it, whom it may ask; everybody else gets what they got before."""

from __future__ import annotations

import gzip
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pod.app import create_app
from pod.config import ConfigError
from pod.identity.accounts import create_account
from pod.operator.data_browser import Build
from pod.protocol.placement import Placement
from pod.ui.data_browser import BOOT, DataBrowser
from pod.ui.data_browser_icons import icon
from tests.support.builds import FILES, PAGE, build
from tests.support.people import opened

PODS = Placement("https://pods.example/", "subdomain")
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
NAVIGATION = {**BROWSER, "Sec-Fetch-Dest": "document"}
ALICE = "https://alice.pods.example"


def of(directory: Path, page: str = PAGE, *, anywhere: bool = False) -> DataBrowser:
    read = Build.read(build(directory, {**FILES, "databrowser.html": page.encode()}))
    return DataBrowser.of(read, PODS, "wss://pods.example", anywhere=anywhere)


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (each.split() for each in policy.split("; "))}


# -- the page ----------------------------------------------------------------------------------------------------------


def known(algorithm: str, content: bytes) -> str:
    return f"{algorithm}-{b64encode(hashlib.new(algorithm, content).digest()).decode()}"


def test_the_page_asks_for_our_copy_of_what_was_published(tmp_path: Path):
    browser = of(tmp_path)
    page, where = browser.shell.decode(), f"/.data-browser/{browser.digest}/"
    script, style = (known("sha384", browser.file(name).plain()) for name in ("mashlib.min.js", "mash.css"))
    assert f'<script defer src="{where}mashlib.min.js" integrity="{script}">' in page
    assert f'<link rel="stylesheet" href="{where}mash.css" integrity="{style}">' in page
    assert '"/mash' not in page
    assert "<noscript>" in page


def test_the_script_is_told_where_its_files_are_and_is_else_as_published(tmp_path: Path):
    browser = of(tmp_path)
    told = browser.file("mashlib.min.js").plain()
    assert told.replace(f'"/.data-browser/{browser.digest}/"'.encode(), b'"/"') == FILES["mashlib.min.js"]
    assert set(browser.build.files) == {"mashlib.min.js", "841.mashlib.min.js", "77aa.js", "mash.css", "0f1e.png"}


@pytest.mark.parametrize("script", [b"var panes", b'i.p="/";j.p="/"', b'i.p="/mashlib/dist/"'])
def test_a_script_that_does_not_say_where_its_files_are_is_refused(tmp_path: Path, script: bytes):
    read = Build.read(build(tmp_path, {**FILES, "mashlib.min.js": script}))
    with pytest.raises(ConfigError, match="where its files are"):
        DataBrowser.of(read, PODS, "wss://pods.example", anywhere=False)


def test_only_the_scripts_of_the_build_run(tmp_path: Path):
    browser = of(tmp_path)
    inline = re.findall(r"<script(?! defer)[^>]*>(.*?)</script>", browser.shell.decode(), re.DOTALL)
    assert inline == [BOOT, "panes.runDataBrowser()"]
    policy, there = directives(browser.policy), f"https://*.pods.example/.data-browser/{browser.digest}/"
    files = {f"{there}mashlib.min.js", f"{there}841.mashlib.min.js"}
    assert set(policy["script-src"]) == files | {f"'{known('sha256', each.encode())}'" for each in inline}
    assert policy["worker-src"] == [f"{there}77aa.js"]
    assert policy["style-src"] == [f"{there}mash.css", "'unsafe-inline'"]


def test_nobody_else_is_asked_and_nothing_is_framed_or_sent_elsewhere(tmp_path: Path):
    policy = directives(of(tmp_path).policy)
    server = {"'self'", "https://pods.example", "https://*.pods.example"}
    assert set(policy["connect-src"]) == server | {"wss://pods.example"}
    assert set(policy["img-src"]) == server | {"data:", "blob:"}
    assert all(policy[each] == ["'none'"] for each in ("default-src", "base-uri", "form-action", "frame-ancestors"))
    assert policy.keys().isdisjoint({"frame-src", "child-src", "object-src", "script-src-elem", "script-src-attr"})


def test_workers_ask_whom_the_page_asks_and_nobody_else(tmp_path: Path):
    browser = of(tmp_path)
    policy = directives(browser.files_policy)
    assert policy == {"default-src": ["'none'"], "connect-src": directives(browser.policy)["connect-src"]}


def test_where_wished_other_servers_are_asked_but_run_nothing(tmp_path: Path):
    here, anywhere = (directives(of(tmp_path, anywhere=each).policy) for each in (False, True))
    assert {name for name in here if here[name] != anywhere[name]} == {"connect-src", "img-src", "media-src"}
    assert set(anywhere["connect-src"]) - set(here["connect-src"]) == {"https:", "wss:"}


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace("/mashlib.js", "https://cdn.example/mashlib.js"),
        PAGE.replace("/mashlib.js", "/analytics.js"),
        PAGE.replace("/mash.css", "https://cdn.example/mash.css"),
        PAGE.replace("<body", "<div"),
        PAGE.replace("<script defer", "<p defer"),
        "<!doctype html><p>Hello",
    ],
)
def test_a_page_of_another_make_is_refused(tmp_path: Path, page: str):
    with pytest.raises(ConfigError, match="not made like those"):
        of(tmp_path, page)


def test_other_links_of_a_page_go(tmp_path: Path):
    fonts = '<link rel="stylesheet" href="https://fonts.example/x.css"><link rel=icon href=/x.ico></head>'
    assert b"fonts.example" not in of(tmp_path, PAGE.replace("</head>", fonts)).shell


def test_the_code_of_the_page_changes_with_it(tmp_path: Path):
    codes = {of(tmp_path).code, of(tmp_path, anywhere=True).code, of(tmp_path, PAGE + " ").code}
    assert len(codes) == 3


@pytest.mark.parametrize(
    "name", ["noun_34653_green.svg", "social/x-2.svg", "tango/22-folder-open.png", "rdf_flyer.24.gif", "new.svg"]
)
def test_an_icon_is_drawn_for_every_name(name: str):
    found = icon(name)
    assert found is not None
    assert found.plain().startswith(b"<svg xmlns=")


@pytest.mark.parametrize("name", ["", "x", "../x.svg", "a/b/c.svg", "x.svg.js", "<.svg"])
def test_other_names_have_no_icon(name: str):
    assert icon(name) is None


# -- over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("served")
    with opened(folder / "data", placement="subdomain", data_browser=str(build(folder / "dist"))) as services:
        create_account(services, "alice")
        yield create_app(services.config, services).test_client()


def shown(answer: Any) -> bool:
    return b"panes.runDataBrowser()" in answer.data


def get(client: Any, path: str, headers: Mapping[str, str], host: str = ALICE) -> Any:
    return client.get(path, headers=headers, base_url=host)


@pytest.mark.parametrize(("path", "status"), [("/profile/card", 200), ("/", 401), ("/no/such/thing", 401)])
def test_who_navigates_to_a_resource_gets_the_data_browser(client, path, status):
    answer = get(client, path, NAVIGATION)
    assert (answer.status_code, shown(answer)) == (status, True)
    assert "script-src https://*.pods.example/.data-browser/" in answer.headers["Content-Security-Policy"]
    assert "Sec-Fetch-Dest" in answer.headers["Vary"]
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "headers",
    [
        BROWSER,
        {**BROWSER, "Sec-Fetch-Dest": "empty"},
        {**BROWSER, "Sec-Fetch-Dest": "iframe"},
        {"Accept": "text/turtle", "Sec-Fetch-Dest": "document"},
        {"Accept": "*/*", "Sec-Fetch-Dest": "document"},
        {"Accept": "text/turtle;q=1.0, text/html;q=0.9", "Sec-Fetch-Dest": "document"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/profile/card", "/"])
def test_everybody_else_gets_what_they_got_before(client, path, headers):
    answer = get(client, path, headers)
    assert not shown(answer)
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    is_page = answer.content_type.startswith("text/html")
    assert ("Sec-Fetch-Dest" in answer.headers["Vary"]) == is_page


def test_a_copy_that_was_kept_is_good_while_nothing_changes(client):
    first = get(client, "/profile/card", NAVIGATION)
    again = get(client, "/profile/card", {**NAVIGATION, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    plain = get(client, "/profile/card", {**BROWSER, "If-None-Match": first.headers["ETag"]})
    assert plain.status_code == 200


@pytest.mark.parametrize("path", ["/.account/", "/.data-browser/x/mashlib.min.js", "/.data-browser/"])
def test_what_is_not_there_is_told_as_before(client, path):
    answer = get(client, path, NAVIGATION)
    assert (answer.status_code, shown(answer)) == (404, False)


def test_the_accounts_pages_stay_as_they_are(client):
    answer = get(client, "/.account/sign-in", NAVIGATION, "https://pods.example")
    assert (answer.status_code, shown(answer)) == (200, False)


@pytest.mark.parametrize(("accept", "coding"), [("gzip, br", "gzip"), ("identity", None), ("gzip;q=0", None)])
def test_a_file_is_sent_as_it_is_liked_and_kept_for_ever(client, accept, coding):
    source = re.search(r'src="(/[^"]+)"', get(client, "/", NAVIGATION).text)[1]
    answer = get(client, source, {"Accept-Encoding": accept})
    content = gzip.decompress(answer.data) if coding else answer.data
    assert b"var panes" in content
    assert answer.headers.get("Content-Encoding") == coding
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; connect-src")


@pytest.mark.parametrize(
    "name", ["mashlib.js", "88bb.js", "databrowser.html", "icons/x", "../x", "x", "%2e%2e%2fprofile/card"]
)
def test_other_files_are_not_there(client, name):
    source = re.search(r'src="(/[^"]+)"', get(client, "/", NAVIGATION).text)[1]
    assert get(client, source.replace("mashlib.min.js", name), {}).status_code == 404
    assert get(client, "/.data-browser/0000/mashlib.min.js", {}).status_code == 404


def test_switched_off_there_is_nothing_of_it(tmp_path: Path):
    with opened(tmp_path / "data", placement="subdomain") as services:
        create_account(services, "alice")
        client = create_app(services.config, services).test_client()
        assert not shown(get(client, "/", NAVIGATION))
        assert "Sec-Fetch-Dest" not in get(client, "/", NAVIGATION).headers["Vary"]
        assert get(client, "/.data-browser/x/y", {}).status_code == 404
