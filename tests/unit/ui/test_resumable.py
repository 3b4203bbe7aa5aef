"""The protocol of resumable uploads, as a page of ours speaks it: every header, every refusal, and where files end up."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from pod.app import create_app
from pod.errors import TruncatedContent
from pod.identity.accounts import named
from pod.protocol.resource import Target
from pod.store.records import SERVER, ChangeKind, ResourceState
from pod.store.uploads import FOLDER, Uploads, sweep_uploads
from tests.support.pages import BASE, Guest, Site
from tests.support.tus import UPLOADS, TusClient, metadata

BIG = bytes(range(256)) * 1024
DAY = 24 * 3600


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site(tmp_path_factory.mktemp("site"), blob_bytes_max=10_000_000, uploads_per_account_max=20)
    site.account("alice")
    return site


def client_of(guest: Guest) -> TusClient:
    def ask(method: str, path: str, headers: dict[str, str], content: Any) -> Any:
        sent = {"data": content} if isinstance(content, bytes) else {"input_stream": content}
        return guest.client.open(path, method=method, base_url=BASE, headers=headers, **sent)

    ours = {"Origin": BASE[:-1], "Sec-Fetch-Site": "same-origin", "X-CSRF-Token": guest.token()}
    return TusClient(ask, ours)


@pytest.fixture
def she(site: Site) -> TusClient:
    return client_of(site.signed_in("alice"))


@pytest.fixture
def folder(request: pytest.FixtureRequest) -> str:
    return f"/alice/{request.node.originalname}/"


def state(site: Site, path: str) -> ResourceState | None:
    return site.services.store.describe(Target.parse(path)).state


def content(site: Site, path: str) -> bytes:
    found = state(site, path)
    assert found is not None
    with site.services.store.open(found) as file:
        return file.read()


def partials(site: Site) -> list[Path]:
    return list((site.services.config.blobs / FOLDER).iterdir())


class Breaking(io.RawIOBase):
    """Some bytes of more that were announced, then the connection is gone."""

    def __init__(self, given: bytes, announced: int) -> None:
        self._rest = given
        self._announced = announced
        self._at = 0

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = self._announced if whence else offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        if not self._rest:
            raise TruncatedContent("gone")
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken


def test_what_is_offered_is_told_to_anyone(site: Site):
    answer = TusClient(client_of(site.guest()).ask).request("OPTIONS", Tus_Resumable="-")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
    assert answer.headers["Tus-Max-Size"] == "10000000"


def test_a_file_in_pieces_is_one_file_in_the_pod(site: Site, she: TusClient, folder: str):
    where = she.begin(len(BIG), folder, "film.mp4", filetype="video/mp4")
    for at in range(0, len(BIG), 100_000):
        assert she.offset(where) == at
        answer = she.send(where, at, BIG[at : at + 100_000])
        assert answer.status_code == 204
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert answer.headers["Upload-Offset"] == str(min(at + 100_000, len(BIG)))
    assert answer.headers["Content-Location"] == f"{BASE}{folder[1:]}film.mp4"
    found = state(site, f"{folder}film.mp4")
    assert (found.media_type, found.size, found.digest) == ("video/mp4", len(BIG), sha256(BIG).hexdigest())
    assert content(site, f"{folder}film.mp4") == BIG
    assert not partials(site)


@pytest.mark.parametrize(("name", "body"), [("small.txt", b"small"), ("note.ttl", b"<> a <#Note> ."), ("empty", b"")])
def test_small_files_documents_and_empty_ones_are_what_they_would_be_by_a_put(
    site: Site, she: TusClient, folder: str, name: str, body: bytes
):
    where = she.begin(len(body), folder, name)
    if body:
        assert she.send(where, 0, body).status_code == 204
    assert she.offset(where) == len(body)
    assert content(site, folder + name) == body


def test_a_head_tells_all_that_is_needed_to_go_on(she: TusClient, folder: str):
    where = she.begin(10, folder, "ö.bin")
    she.send(where, 0, b"12345")
    answer = she.request("HEAD", where)
    assert answer.headers["Upload-Offset"] == "5"
    assert answer.headers["Upload-Length"] == "10"
    assert answer.headers["Upload-Metadata"] == metadata(folder=folder, filename="ö.bin")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Upload-Expires"].endswith("GMT")


def test_what_came_before_a_connection_broke_is_there(site: Site, she: TusClient, folder: str):
    where = she.begin(len(BIG), folder)
    assert she.send(where, 0, Breaking(BIG[:150_000], len(BIG))).status_code == 400
    assert she.offset(where) == 150_000
    assert she.send(where, 150_000, BIG[150_000:]).status_code == 204
    assert content(site, f"{folder}file.bin") == BIG


def test_another_process_goes_on_where_one_ended(site: Site, she: TusClient, folder: str):
    where = she.begin(len(BIG), folder)
    she.send(where, 0, BIG[:100_000])
    other = Guest(site)
    other.client = create_app(site.services.config, site.services).test_client()
    before = site.signed_in("alice")
    other.hold(before.cookie(session=True) or "")
    assert client_of(other).send(where, 100_000, BIG[100_000:]).status_code == 204
    assert state(site, f"{folder}file.bin").digest == sha256(BIG).hexdigest()


def test_what_nobody_was_told_of_is_written_anew(site: Site, she: TusClient, folder: str):
    where = she.begin(6, folder)
    she.send(where, 0, b"abc")
    with (site.services.config.blobs / FOLDER / where.rpartition("/")[2]).open("ab") as file:
        file.write(b"XYZ and more")  # as a crash leaves it
    assert she.offset(where) == 3
    assert she.send(where, 3, b"def").status_code == 204
    assert content(site, f"{folder}file.bin") == b"abcdef"


def test_a_file_that_was_not_in_a_backup_begins_anew(site: Site, she: TusClient, folder: str):
    where = she.begin(6, folder)
    she.send(where, 0, b"abc")
    (site.services.config.blobs / FOLDER / where.rpartition("/")[2]).unlink()
    assert she.send(where, 3, b"def").status_code == 404
    assert she.request("HEAD", where).status_code == 404


def test_a_file_is_in_the_journal_once_as_made_by_whoever_sent_it(site: Site, she: TusClient, folder: str):
    where = she.begin(6, folder)
    before = site.services.store.changes(0, 10_000)[-1].position
    she.send(where, 0, b"abc")
    assert she.send(where, 3, b"def").status_code == 204
    made = [each for each in site.services.store.changes(before, 100) if each.path == f"{folder}file.bin"]
    assert [(each.kind, each.agent) for each in made] == [(ChangeKind.CREATE, f"{BASE}alice/profile/card#me")]


def test_nothing_is_overwritten_unasked(site: Site, she: TusClient, folder: str):
    for body in (b"one", b"two"):
        she.send(she.begin(3, folder, "a.txt"), 0, body)
    assert (content(site, f"{folder}a.txt"), content(site, f"{folder}a%20(2).txt")) == (b"one", b"two")


def test_only_what_was_there_when_it_began_is_replaced(site: Site, she: TusClient, folder: str):
    she.send(she.begin(3, folder, "a.txt"), 0, b"one")
    first, second = (she.begin(3, folder, "a.txt", same="replace") for _ in range(2))
    she.send(first, 0, b"two")
    she.send(second, 0, b"six")
    assert (content(site, f"{folder}a.txt"), content(site, f"{folder}a%20(2).txt")) == (b"two", b"six")


def test_the_last_piece_can_be_sent_again_when_it_could_not_be_kept(site: Site, she: TusClient, folder: str):
    she.send(she.begin(1, folder, "sub"), 0, b"1")
    where = she.begin(len(BIG), folder, relativePath="later/file.bin")
    she.send(where, 0, BIG[:200_000])
    twin = she.begin(1, folder, "later")
    she.send(twin, 0, b"1")
    assert she.send(where, 200_000, BIG[200_000:]).status_code == 409
    assert she.offset(where) == 200_000
    with site.services.store.write(SERVER) as tx:
        tx.delete(tx.describe(Target.parse(f"{folder}later")).state, acl=None)
    assert she.send(where, 200_000, BIG[200_000:]).status_code == 204
    assert content(site, f"{folder}later/file.bin") == BIG


def test_one_that_is_stopped_leaves_nothing(site: Site, she: TusClient, folder: str):
    where = she.begin(6, folder)
    she.send(where, 0, b"abc")
    assert she.request("DELETE", where).status_code == 204
    assert not (site.services.config.blobs / FOLDER / where.rpartition("/")[2]).exists()
    for answer in (she.request("HEAD", where), she.send(where, 3, b"def"), she.request("DELETE", where)):
        assert answer.status_code == 404


def test_methods_go_by_other_names_where_browsers_cannot_say_them(site: Site, she: TusClient, folder: str):
    where = she.begin(3, folder)
    fields = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    assert she.request("POST", where, b"abc", X_HTTP_Method_Override="PATCH", **fields).status_code == 204
    assert content(site, f"{folder}file.bin") == b"abc"


WRONG: dict[str, tuple[Callable[[TusClient, str], Any], int]] = {
    "another version": (lambda she, at: she.send(at, 3, b"x", Tus_Resumable="0.2.2"), 412),
    "no version": (lambda she, at: she.request("HEAD", at, Tus_Resumable="-"), 412),
    "a wrong type": (lambda she, at: she.send(at, 3, b"x", Content_Type="application/octet-stream"), 415),
    "too early": (lambda she, at: she.send(at, 2, b"x"), 409),
    "too late": (lambda she, at: she.send(at, 4, b"x"), 409),
    "no offset": (lambda she, at: she.request("PATCH", at, b"x", Content_Type="application/offset+octet-stream"), 400),
    "a negative offset": (lambda she, at: she.send(at, -1, b"x"), 400),
    "an offset that is none": (lambda she, at: she.send(at, 3, b"x", Upload_Offset="3x"), 400),
    "too much": (lambda she, at: she.send(at, 3, b"x" * 8), 413),
    "no token": (lambda she, at: she.send(at, 3, b"x", X_CSRF_Token="-"), 403),
    "a wrong token": (lambda she, at: she.send(at, 3, b"x", X_CSRF_Token="é"), 403),
    "from elsewhere": (lambda she, at: she.send(at, 3, b"x", Origin="https://evil.example"), 403),
    "from a pod's content": (lambda she, at: she.send(at, 3, b"x", Origin="null"), 403),
    "deleted from elsewhere": (lambda she, at: she.request("DELETE", at, Sec_Fetch_Site="cross-site"), 403),
    "no such upload": (lambda she, at: she.send(f"{at}0", 3, b"x"), 404),
    "a path": (lambda she, at: she.send(f"{UPLOADS}..pod.sqlite", 3, b"x"), 404),
    "another method": (lambda she, at: she.request("POST", at, b"x"), 405),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_request_changes_nothing(site: Site, she: TusClient, folder: str, what: str):
    where = she.begin(10, folder)
    she.send(where, 0, b"abc")
    ask, status = WRONG[what]
    answer = ask(she, where)
    assert answer.status_code == status, answer.text
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert she.offset(where) == 3
    she.request("DELETE", where)


def test_others_see_nothing_of_it(site: Site, she: TusClient, folder: str):
    where = she.begin(10, folder)
    assert client_of(site.guest()).request("HEAD", where).status_code == 401
    site.account("bob")
    bob = client_of(site.signed_in("bob"))
    for answer in (bob.request("HEAD", where), bob.send(where, 0, b"abc"), bob.request("DELETE", where)):
        assert answer.status_code == 404
    assert bob.create(3, folder).status_code == 403
    she.request("DELETE", where)


@pytest.mark.parametrize(
    ("length", "said", "status"),
    [
        ("-1", "", 400),
        ("1e3", "", 400),
        ("9" * 16, "", 400),
        ("10000001", metadata(folder="/alice/x/", filename="a"), 413),
        ("30000000", metadata(folder="/alice/x/", filename="a.ttl"), 413),
        ("5", "", 400),
        ("5", "folder !!!", 400),
        ("5", metadata(folder="/alice/x/") + "," + metadata(folder="/alice/x/"), 400),
        ("5", "folder /w==", 400),
        ("5", metadata(folder="/alice/x/", filename="x" * 9000), 400),
        ("5", ",".join(f"k{each}" for each in range(30)), 400),
        ("5", metadata(folder="/nobody/", filename="a"), 404),
        ("5", metadata(folder="/alice/x", filename="a"), 404),
        ("5", metadata(folder="/.account/", filename="a"), 409),
        ("5", metadata(folder="/alice/../bob/", filename="a"), 400),
        ("5", metadata(folder="/alice/", relativePath="d/" * 70 + "a"), 414),
    ],
)
def test_nothing_is_made_of_a_wrong_wish(she: TusClient, length: str, said: str, status: int):
    answer = she.request("POST", Upload_Length=length, Upload_Metadata=said)
    assert answer.status_code == status, answer.text
    assert "Location" not in answer.headers


def test_a_length_that_comes_later_is_not_offered(she: TusClient):
    said = metadata(folder="/alice/x/", filename="a")
    assert she.request("POST", Upload_Defer_Length="1", Upload_Metadata=said).status_code == 400


def test_an_account_has_so_many_under_way_and_no_more(site: Site, she: TusClient, folder: str):
    made = [each for each in (she.create(5, folder) for _ in range(25)) if each.status_code == 201]
    answer = she.create(5, folder)
    assert Uploads(site.services.store).open_of(named(site.services, "alice").id) == 20
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert not {each.name for each in partials(site)} & {each.headers["Location"].rpartition("/")[2] for each in made}
    for each in made:
        she.request("DELETE", each.headers["Location"])


def test_quota_is_kept_for_what_is_under_way_and_holds_to_the_byte(tmp_path: Path):
    site = Site(tmp_path / "small", quota_bytes=300_000)
    site.account("alice")
    she, folder = client_of(site.signed_in("alice")), "/alice/in/"
    left = site.services.store.describe(Target.parse("/alice/"), with_body=False).storage.bytes_left
    assert she.create(left + 1, folder).status_code == 507
    first = she.begin(left - 1000, folder)
    assert she.create(1001, folder).status_code == 507
    she.request("DELETE", first)
    whole = she.begin(left - 2000, folder)
    she.send(whole, 0, b"1" * (left - 2000))
    state_now = site.services.store.describe(Target.parse("/alice/"), with_body=False).storage
    assert 0 <= state_now.bytes_left <= 2000


def test_what_nobody_goes_on_with_is_swept(tmp_path: Path):
    site = Site(tmp_path / "swept")
    site.account("alice")
    she = client_of(site.signed_in("alice"))
    where = she.begin(10)
    she.send(where, 0, b"abc")
    site.clock.time += 2 * DAY
    she.send(where, 3, b"d")
    site.clock.time += 2 * DAY
    sweep_uploads(site.services.store, site.clock, site.services.config)
    assert she.offset(where) == 4
    assert she.send(where, 4, b"e").status_code == 204, "its file is still there"
    site.clock.time += 4 * DAY
    assert she.request("HEAD", where).status_code == 404
    sweep_uploads(site.services.store, site.clock, site.services.config)
    assert not partials(site)
