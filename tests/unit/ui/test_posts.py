"""The pages of posts: written, looked at by those who may, changed and deleted; and what everyone is shown of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import mf2py
import pytest
from werkzeug.test import TestResponse

from pod.identity.accounts import named
from pod.posts.changing import NewPicture, Writing
from pod.posts.posts import Posts
from pod.posts.readers import Readers
from pod.sharing.audiences import EVERYONE, Level
from pod.sharing.sharing import Sharing
from tests.support.pages import BASE, Guest, Site, forms

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c636090d20000009e005167c9f2ba"
    "0000000049454e44ae426082"
)
ALICE = f"{BASE}alice/profile/card#me"
BOB = f"{BASE}bob/profile/card#me"
NEW = "/.posts/alice/new"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    for name in ("alice", "bob", "carol"):
        made.account(name)
    yield made
    made.services.close()


def send(guest: Guest, path: str, **fields: Any) -> TestResponse:
    """A form with files as browsers send it: the token first, files last; lists are sent as several fields."""
    parts = {"csrf": guest.token(), **fields}
    return guest.client.post(
        path,
        data=parts,
        content_type="multipart/form-data",
        base_url=guest.site.base_url,
        headers={"Origin": guest.site.base_url[:-1], "Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
    )


def write(guest: Guest, text: str = "Hello **you**", **fields: Any) -> str:
    """The IRI of a new post."""
    answer = send(guest, NEW, text=text, **{"reach": "me", "do": "publish"} | fields)
    assert answer.status_code == 303, answer.text
    return parse_qs(urlsplit(answer.headers["Location"]).query)["iri"][0]


def fields_of(guest: Guest, page: str, iri: str) -> dict[str, str]:
    found = forms(guest.get(f"/.posts/alice/{page}?{urlencode({'iri': iri})}").text)
    return next(fields for action, fields in found if action == f"/.posts/alice/{page}")


def edit(guest: Guest, iri: str, **changed: Any) -> TestResponse:
    fields = fields_of(guest, "edit", iri)
    given = {name: value for name, value in fields.items() if name and not name.startswith(("picture-", "drop-"))}
    return send(guest, "/.posts/alice/edit", **given | {"do": "publish", "text": "Hello **you**"} | changed)


def timeline(guest: Guest, pod: str = "alice") -> str:
    answer = guest.get(f"/.posts/{pod}/")
    assert answer.status_code == 200
    return answer.text


def as_everyone(site: Site, iri: str) -> TestResponse:
    return site.guest().get(urlsplit(iri).path)


def test_a_post_is_written_and_read_by_its_owner_alone(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice, name="Titled")
    page = timeline(alice)
    assert "<strong>you</strong>" in page
    assert "Only you" in page
    for other in (site.signed_in("bob"), site.guest()):
        assert other.get(f"/.posts/alice/post?{urlencode({'iri': iri})}").status_code in {303, 404}
    assert "Hello" not in timeline(site.signed_in("bob"))
    assert as_everyone(site, iri).status_code == 401


def test_a_friend_reads_what_is_for_them_and_others_do_not(site: Site):
    iri = write(site.signed_in("alice"), reach="some", somebody="bob")
    assert "Shared with you" in timeline(site.signed_in("bob"))
    assert "Hello" not in timeline(site.signed_in("carol"))
    assert site.signed_in("bob").get(f"/.posts/alice/edit?{urlencode({'iri': iri})}").status_code == 404
    assert ">bob<" in timeline(site.signed_in("alice"))


def test_people_are_found_among_many_by_name_and_shown_with_their_addresses(site: Site):
    alice = site.signed_in("alice")
    many = "".join(
        f'<#{n}> a v:Individual; v:fn "Friend {n:02}"; v:url [a v:WebId; v:value <https://f{n}.example/me>].'
        for n in range(40)
    )
    put(site, "/alice/friends.ttl", f"@prefix v: <http://www.w3.org/2006/vcard/ns#>. {many}")
    assert "Friend" not in alice.get(NEW).text
    sent = {"text": "Hello", "reach": "some", "somebody": "friend 3", "some": [f"person {BOB}"]}
    found = send(alice, NEW, **sent, do="find").text
    assert "f35.example/me" in found
    assert "f2.example/me" not in found
    assert f'value="person {BOB}" checked' in found
    refused = send(alice, NEW, **sent, do="publish")
    assert refused.status_code == 422
    assert "Choose below whom you mean" in refused.text


def test_whom_a_post_is_for_is_ticked_when_it_is_changed(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice, reach="some", some=[f"person {BOB}"])
    fields = fields_of(alice, "edit", iri)
    assert (fields["reach"], fields["some"]) == ("some", f"person {BOB}")
    assert edit(alice, iri, reach="everyone", text="Hello all").status_code == 303
    assert "Hello all" in as_everyone(site, iri).text


def test_a_public_post_is_an_article_in_which_nothing_acts(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice, "Look ![spy](https://spy.example/p.gif) <script>x</script>", reach="everyone", name="Titled")
    answer = as_everyone(site, iri)
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert f"img-src data: {BASE}alice/;" in policy
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert 'rel="alternate" type="application/atom+xml"' in answer.text
    assert re.search(r'<h1 class="p-name"[^>]*><bdi>Titled', answer.text)


def test_a_draft_is_published_later(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice, reach="everyone", do="draft")
    assert as_everyone(site, iri).status_code == 401
    assert ">Draft<" in timeline(alice)
    edit(alice, iri, reach="everyone")
    assert as_everyone(site, iri).status_code == 200
    assert ">Draft<" not in timeline(alice)


def test_a_change_in_between_is_not_lost_and_neither_is_what_was_written(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice)
    stale = fields_of(alice, "edit", iri)["version"]
    edit(alice, iri, text="The first change")
    answer = edit(alice, iri, text="The second change", version=stale)
    assert answer.status_code == 412
    assert "The second change" in answer.text
    assert "The first change" in timeline(alice)
    again = next(fields for action, fields in forms(answer.text) if action == "/.posts/alice/edit")
    assert again["version"] != stale


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"text": " "}, "Write something"),
        ({"reach": "some"}, "Choose at least one"),
        ({"reach": "some", "somebody": "nobody-here"}, "nobody-here"),
        ({"reach": "some", "some": ["person x"]}, "begins with https"),
        ({"name": "x" * 300}, "at most 200"),
    ],
)
def test_what_cannot_be_is_told_and_what_was_written_stays(site: Site, fields: dict[str, Any], told: str):
    alice = site.signed_in("alice")
    answer = send(alice, NEW, **{"text": "Hello", "reach": "me", "do": "publish"} | fields)
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("path", ["new", "edit", "preview"])
def test_forms_of_others_are_refused(site: Site, path: str):
    alice = site.signed_in("alice")
    for fields in ({"csrf": "no", "text": "x"}, {"text": "x", "csrf": alice.token()}, {}):
        answer = alice.client.post(
            f"/.posts/alice/{path}",
            data={**fields, "f": (io.BytesIO(b""), "")},
            content_type="multipart/form-data",
            base_url=BASE,
        )
        assert answer.status_code == 403
    assert send(site.signed_in("bob"), f"/.posts/alice/{path}", text="x").status_code == 404
    assert site.guest().get(NEW).status_code == 303


def test_a_post_is_deleted_after_a_question(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice)
    fields = fields_of(alice, "delete", iri)
    assert alice.post("/.posts/alice/delete", fields).status_code == 303
    assert "Hello" not in timeline(alice)
    assert alice.post("/.posts/alice/delete", fields).status_code == 404


def test_twenty_posts_are_a_page(site: Site):
    alice = site.signed_in("alice")
    for number in range(22):
        site.clock.time += 1
        write(alice, f"Number {number}.")
    first = timeline(alice)
    assert [number for number in range(22) if f"Number {number}." in first] == list(range(2, 22))
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older is not None
    second = alice.get(unescape(older[1])).text
    assert [number for number in range(22) if f"Number {number}." in second] == [0, 1]
    assert 'rel="next"' not in second


def test_posts_of_other_apps_show_up_with_hints(site: Site):
    alice = site.signed_in("alice")
    put(
        site, "/alice/blog/one", "<#p> a <http://schema.org/BlogPosting>; <http://schema.org/text> 'From <b>elsewhere'."
    )
    page = timeline(alice)
    assert "From &lt;b&gt;elsewhere" in page
    assert "does not say who wrote it" in page
    form = alice.get(f"/.posts/alice/edit?{urlencode({'iri': f'{BASE}alice/blog/one#p'})}").text
    assert "Another app wrote this post" in form
    assert edit(alice, f"{BASE}alice/blog/one#p", reach="everyone").status_code == 303
    assert "From &lt;b&gt;elsewhere" in as_everyone(site, f"{BASE}alice/blog/one#p").text


def put(site: Site, path: str, turtle: str) -> None:
    from pod.operations.operation import Body, Operation
    from pod.operations.put import put as put_resource
    from pod.protocol.agent import Credentials
    from pod.protocol.conditions import NO_CONDITIONS
    from pod.protocol.representation import MediaType
    from pod.protocol.resource import Target

    body = Body(io.BytesIO(turtle.encode()), MediaType.parse("text/turtle"), len(turtle.encode()))
    put_resource(site.services, Operation("PUT", Target.parse(path), Credentials(ALICE), NO_CONDITIONS, body=body))


# -- what everyone is shown --------------------------------------------------------------------------------------------

FEED = "/.feed/alice.atom"


def test_the_feed_has_what_everyone_may_read_and_nothing_else(site: Site):
    alice = site.signed_in("alice")
    public, _, _ = (
        write(alice, "For all", reach="everyone"),
        write(alice, "Only mine"),
        write(alice, "Unfinished", do="draft"),
    )
    answer = site.guest().get(FEED)
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    assert "Set-Cookie" not in answer.headers
    assert answer.text.count("<entry>") == 1
    assert f"<id>{public}</id>" in answer.text
    assert alice.get(FEED).text == answer.text
    edit(alice, public, text="For all", reach="me")
    assert "<entry>" not in site.guest().get(FEED).text


def test_a_feed_is_sent_again_only_if_it_changed(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice, reach="everyone")
    for path in (FEED, "/.feed/alice"):
        etag = site.guest().get(path).headers["ETag"]
        write(alice, "Only mine")
        assert site.guest().get(path, **{"If-None-Match": etag}).status_code == 304
        edit(alice, iri, text="Changed", reach="everyone")
        assert site.guest().get(path, **{"If-None-Match": etag}).status_code == 200


def test_the_page_of_a_feed_is_in_the_language_that_is_accepted_whatever_a_cookie_says(site: Site):
    guest, tags = site.guest(), {}
    guest.submit("/.account/sign-in", "/.account/language", language="fr")
    for language, title in (("en", "Posts of"), ("de", "Beiträge von"), ("fr", "Publications de")):
        answer = guest.get("/.feed/alice", **{"Accept-Language": language})
        assert (answer.headers["Content-Language"], answer.headers["Vary"]) == (language, "Accept-Language")
        assert f"<title>{title}" in answer.text
        tags[language] = answer.headers["ETag"]
    for ours, (theirs, etag) in product(tags, tags.items()):
        again = guest.get("/.feed/alice", **{"Accept-Language": ours, "If-None-Match": etag})
        assert again.status_code == (304 if ours == theirs else 200)
    feeds = [guest.get(FEED, **{"Accept-Language": each}) for each in tags]
    assert len({(each.headers["ETag"], each.data) for each in feeds}) == 1
    assert all("Vary" not in each.headers for each in feeds)


def test_access_that_ends_ends_in_the_feed_too(site: Site):
    alice = site.signed_in("alice")
    iri = write(alice)
    path, account = urlsplit(iri).path, named(site.services, "alice").id
    until = int((site.clock.time + 30) * 1000)
    Sharing(site.services).share(account, path, EVERYONE, Level.READ, until)
    assert "<entry>" in site.guest().get(FEED).text
    site.clock.time += 61
    assert "<entry>" not in site.guest().get(FEED).text


@pytest.mark.parametrize("pod", ["nobody", "..", "Alice", "alice.atom.atom", "%2e"])
def test_there_is_no_feed_of_no_pod(site: Site, pod: str):
    assert site.guest().get(f"/.feed/{pod}").status_code == 404


def test_public_pages_are_read_by_microformats(site: Site):
    alice = site.signed_in("alice")
    picture = NewPicture(b"PNG", "image/png", "The sea")
    writing = Writing("Hello **you**", "Titled", Readers.chosen("everyone", []), pictures=(picture,))
    iri = Posts(site.services).write(named(site.services, "alice").id, "/alice/", writing, "Alice")
    url = iri.partition("#")[0]
    (entry,) = mf2py.parse(doc=as_everyone(site, iri).text, url=url)["items"]
    assert entry["type"] == ["h-entry"]
    said = entry["properties"]
    assert (said["name"], said["url"]) == (["Titled"], [url])
    assert said["content"][0]["html"].strip() == "<p>Hello <strong>you</strong></p>"
    assert said["published"][0].startswith("2027-01-15T08:00:00")
    assert said["photo"] == [{"value": f"{url.removesuffix('.ttl')}/1.png", "alt": "The sea"}]
    assert said["author"][0]["properties"] == {"name": ["Alice"], "url": [ALICE]}
    (feed,) = mf2py.parse(doc=site.guest().get("/.feed/alice").text, url=f"{BASE}.feed/alice")["items"]
    assert (feed["type"], feed["properties"]["name"]) == (["h-feed"], ["Posts of alice"])
    assert [each["properties"]["url"] for each in feed["children"]] == [[url]]
    assert "Titled" in timeline(alice)


def test_who_is_refused_the_folder_of_posts_is_shown_the_way_to_the_public_ones(site: Site):
    write(site.signed_in("alice"))
    answer = site.guest().get("/alice/posts/")
    assert answer.status_code == 401
    assert f'href="{BASE}.feed/alice"' in answer.text
    assert "/.feed/" not in site.guest().get("/alice/settings/").text
