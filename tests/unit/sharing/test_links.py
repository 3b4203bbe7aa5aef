"""Links for people without a WebID: made by who controls something, good for so long and so often, and no longer than that."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from pod.errors import (
    AccessDenied,
    Busy,
    Conflict,
    LinkEnded,
    LinkFull,
    NotFound,
    TooManyRequests,
    UnprocessableContent,
    WrongPassword,
)
from pod.identity.accounts import create_account, set_disabled
from pod.identity.departure import delete_account
from pod.operations.attempts import count
from pod.protocol.resource import Target
from pod.services import Services
from pod.sharing import links as sharing
from pod.sharing.link_content import leave
from pod.sharing.links import (
    GUESSES,
    GUESSES_AT_ADDRESS,
    OPEN_SECONDS,
    OPENINGS,
    PASSWORDS_CHOSEN,
    Wish,
    list_links,
    make_link,
    revoke_link,
)
from pod.store.accounts import Account
from pod.store.forget import SHARED_KEPT_MS, forget
from pod.store.fsck import check
from pod.store.records import SERVER
from pod.store.share_links import LinkEnd
from tests.support.client import acl, authorization
from tests.support.linking import UPLOAD, VIEW, content, file, folder, link_to, opened_link, send, shown, visit
from tests.support.people import DAY, ELSEWHERE, HERE, PUBLIC, CountedPasswords, alice_of, opened, pass_time, work_of
from tests.support.stores import absent, delete, put, state_in

SECRET_BITS = 256
PASSWORD = "a word for friends"


@pytest.fixture
def people(tmp_path: Path) -> Iterator[Services]:
    with opened(tmp_path / "data") as services:
        create_account(services, "first")
        alice_of(services)
        folder(services, "/alice/photos/")
        file(services, "/alice/photos/cat")
        yield services


@pytest.fixture
def alice(people: Services) -> Account:
    found = people.accounts.by_name("alice")
    assert found is not None
    return found


def web_id(name: str) -> str:
    return f"{PUBLIC}{name}/profile/card#me"


def rules(path: str, *granted: tuple[str, str]) -> str:
    """An access control list that gives people modes on a folder and what is in it."""
    url = PUBLIC + path[1:]
    return acl(
        *(authorization(url, modes, agents=(web_id(name),), default=path.endswith("/")) for name, modes in granted)
    )


def end_of(people: Services, secret: str) -> LinkEnd:
    with pytest.raises(LinkEnded) as refused:
        opened_link(people, secret)
    return next(end for end in LinkEnd if sharing.ended(end).detail == refused.value.detail)


# -- making ------------------------------------------------------------------------------------------------------------


def test_a_link_cannot_be_guessed_and_is_not_kept(people: Services, alice: Account, tmp_path: Path):
    secrets = {link_to(people, alice, "/alice/photos/") for _ in range(20)}
    assert len(secrets) == 20
    assert {len(each) * 6 >= SECRET_BITS for each in secrets} == {True}
    opening = opened_link(people, min(secrets))
    rows = str(people.store.rows("SELECT * FROM share_link")) + str(
        people.store.rows("SELECT * FROM share_link_opening")
    )
    assert not any(each in rows for each in (*secrets, opening))
    assert PASSWORD not in repr(Wish(VIEW, password=PASSWORD))


@pytest.mark.parametrize(
    "wish",
    [
        Wish(VIEW, uses_max=0),
        Wish(VIEW, uses_max=sharing.USES_MAX + 1),
        Wish(VIEW, days=0),
        Wish(VIEW, days=sharing.DAYS_MAX + 1),
        Wish(VIEW, password="short"),
        Wish(VIEW, password="x" * 2000),
        Wish(VIEW, label="x" * (sharing.LABEL_CHARACTERS_MAX + 1)),
        Wish(VIEW, label="two\nlines"),
        Wish(UPLOAD),
    ],
    ids=str,
)
def test_a_wish_that_makes_no_sense_is_refused(people: Services, alice: Account, wish: Wish):
    with pytest.raises(UnprocessableContent):
        make_link(people, alice, Target.parse("/alice/photos/cat"), wish)


@pytest.mark.parametrize("path", ["/alice/photos/.acl", "/alice/photos/cat.meta", "/alice/inbox/"])
def test_some_things_are_not_for_links(people: Services, alice: Account, path: str):
    with pytest.raises(UnprocessableContent):
        link_to(people, alice, path, UPLOAD)


@pytest.mark.parametrize(
    "path", ["/alice/", "/alice/inbox/", "/alice/profile/", "/alice/settings/", "/alice/settings/more/"]
)
def test_strangers_choose_no_names_that_mean_something(people: Services, alice: Account, path: str):
    """Where apps and servers look for things; nor through a link that was made while they still could."""
    if path.endswith("more/"):
        folder(people, path)
    with pytest.raises(UnprocessableContent):
        link_to(people, alice, path, UPLOAD)
    secret = link_to(people, alice, path)
    with people.store.write(SERVER) as tx:
        tx.rows("UPDATE share_link SET mode = 'upload'")
    with pytest.raises(LinkEnded):
        send(people, visit(people, secret).link, "profile")
    assert absent(people.store, f"{path}profile")


def test_only_the_owner_makes_links_and_control_that_was_lent_makes_none(people: Services, alice: Account):
    bob = create_account(people, "bob")
    everything = rules("/alice/lent/", ("bob", "Read Write Control"), ("alice", "Read Control"))
    folder(people, "/alice/lent/", everything)
    for path in ("/alice/photos/", "/alice/photos/cat", "/alice/nothing", "/alice/lent/"):
        with pytest.raises(AccessDenied):
            link_to(people, bob, path)
    secret = link_to(people, alice, "/alice/lent/")
    with people.store.write(SERVER) as tx:  # as if made before that was so
        tx.rows("UPDATE share_link SET account = ?, web_id = ?", (bob.id, web_id("bob")))
    with pytest.raises(LinkEnded):
        content(people, secret)
    now_ms = int(people.clock.now() * 1000)
    assert [(each.account, each.end(now_ms)) for each in list_links(people, alice)] == [(bob.id, LinkEnd.NO_RIGHT)]


def test_there_must_be_something_to_share(people: Services, alice: Account):
    with pytest.raises(NotFound):
        link_to(people, alice, "/alice/nothing")


def test_an_account_has_only_so_many_links(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sharing, "LINKS_MAX", 2)
    for _ in range(2):
        link_to(people, alice, "/alice/photos/")
    with pytest.raises(Conflict):
        link_to(people, alice, "/alice/photos/")


# -- opening -----------------------------------------------------------------------------------------------------------


def test_one_use_lasts_an_hour_in_one_browser(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/", uses_max=1)
    opening = opened_link(people, secret)
    assert visit(people, secret, opening).is_open
    assert not visit(people, secret, "another" * 6).is_open
    pass_time(people, OPEN_SECONDS - 1)
    assert visit(people, secret, opening).is_open
    pass_time(people, 1)
    assert not visit(people, secret, opening).is_open
    assert end_of(people, secret) is LinkEnd.USED_UP


def test_an_opening_is_of_one_link(people: Services, alice: Account):
    one, other = (link_to(people, alice, "/alice/photos/") for _ in range(2))
    assert not visit(people, other, opened_link(people, one)).is_open


@pytest.mark.parametrize("uses", [1, 3])
def test_a_link_opens_as_often_as_it_may(people: Services, alice: Account, uses: int):
    secret = link_to(people, alice, "/alice/photos/", uses_max=uses, days=None)
    for _ in range(uses):
        opened_link(people, secret)
    assert end_of(people, secret) is LinkEnd.USED_UP
    assert [each.uses for each in list_links(people, alice)] == [uses]


def test_a_link_ends_on_its_day_wherever_it_is_open(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/", days=7)
    pass_time(people, 7 * DAY - 1)
    opening = opened_link(people, secret)
    pass_time(people, 1)
    with pytest.raises(LinkEnded):
        visit(people, secret, opening)


def test_a_link_that_is_withdrawn_ends_wherever_it_is_open(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/")
    opening = opened_link(people, secret)
    (link,) = list_links(people, alice)
    revoke_link(people, alice, link.id)
    with pytest.raises(LinkEnded):
        visit(people, secret, opening)
    assert list_links(people, alice) == ()
    with pytest.raises(NotFound):
        revoke_link(people, alice, link.id)


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "x" * 44, "ü" * 43, "x" * 5000])
def test_there_is_nothing_at_links_that_never_were(people: Services, secret: str):
    with pytest.raises(NotFound):
        visit(people, secret)


# -- passwords ---------------------------------------------------------------------------------------------------------


def test_a_password_is_asked_for_and_its_mistakes_use_nothing_up(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/", password=PASSWORD, uses_max=1)
    for guess in ("", PASSWORD.upper(), "x" * 5000, "\ud800"):
        with pytest.raises(WrongPassword):
            opened_link(people, secret, guess)
    assert opened_link(people, secret, PASSWORD)
    assert PASSWORD not in str(people.store.rows("SELECT * FROM share_link"))


def guesses(people: Services, secret: str, addresses: int, times: int) -> int:
    """How many of them were tried at all."""
    before = work_of(people)
    for number in range(times):
        with pytest.raises((WrongPassword, TooManyRequests)):
            opened_link(people, secret, f"guess {number}", f"192.0.2.{number % addresses}")
    return work_of(people) - before


def test_guessing_is_throttled_at_an_address_and_then_from_everywhere(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/", password=PASSWORD)
    assert guesses(people, secret, addresses=1, times=30) == GUESSES_AT_ADDRESS.times
    assert opened_link(people, secret, PASSWORD, ELSEWHERE)
    assert guesses(people, secret, addresses=100, times=200) == GUESSES.times - GUESSES_AT_ADDRESS.times
    with pytest.raises(TooManyRequests) as refused:
        opened_link(people, secret, PASSWORD, ELSEWHERE)
    assert dict(refused.value.headers)["Retry-After"]
    pass_time(people, GUESSES.seconds)
    assert opened_link(people, secret, PASSWORD, HERE)


def test_who_knows_the_password_uses_up_no_guesses(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/", password=PASSWORD)
    for number in range(3):
        opened_link(people, secret, PASSWORD, f"192.0.2.{number}")
    with people.store.write(SERVER) as tx:
        (link,) = list_links(people, alice)
        assert count(people, tx, GUESSES, str(link.id)) == 1


def test_who_knows_the_password_makes_only_so_much_work(
    people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sharing, "OPENINGS", replace(OPENINGS, times=3))
    secret = link_to(people, alice, "/alice/photos/", password=PASSWORD)
    before = work_of(people)
    for _ in range(5):
        with suppress(TooManyRequests):
            opened_link(people, secret, PASSWORD)
    assert work_of(people) - before == 3


def test_a_guess_that_was_not_tried_does_not_count(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    secret = link_to(people, alice, "/alice/photos/", password=PASSWORD)
    with monkeypatch.context() as patch:
        patch.setattr(CountedPasswords, "matches", Mock(side_effect=Busy("Later.")))
        for _ in range(GUESSES_AT_ADDRESS.times + 1):
            with pytest.raises(Busy):
                opened_link(people, secret, PASSWORD)
    assert opened_link(people, secret, PASSWORD)


def test_a_link_that_cannot_be_made_costs_no_work(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sharing, "PASSWORDS_CHOSEN", replace(PASSWORDS_CHOSEN, times=2))
    before = work_of(people)
    with pytest.raises(NotFound):
        link_to(people, alice, "/alice/nothing", password=PASSWORD)
    for _ in range(2):
        link_to(people, alice, "/alice/photos/", password=PASSWORD)
    with pytest.raises(TooManyRequests):
        link_to(people, alice, "/alice/photos/", password=PASSWORD)
    monkeypatch.setattr(sharing, "LINKS_MAX", 1)
    pass_time(people, PASSWORDS_CHOSEN.seconds)
    with pytest.raises(Conflict):
        link_to(people, alice, "/alice/photos/", password=PASSWORD)
    assert work_of(people) - before == 2


def test_a_link_is_opened_only_so_fast_from_one_address(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/")
    for _ in range(OPENINGS.times):
        opened_link(people, secret)
    with pytest.raises(TooManyRequests):
        opened_link(people, secret)
    assert opened_link(people, secret, address=ELSEWHERE)
    assert [each.uses for each in list_links(people, alice)] == [OPENINGS.times + 1]


# -- on whose authority ------------------------------------------------------------------------------------------------


def test_a_link_ends_with_its_resource_and_a_new_one_in_its_place_is_another(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/cat")
    assert content(people, secret) == b"0123456789"
    delete(people.store, "/alice/photos/cat")
    assert end_of(people, secret) is LinkEnd.GONE
    file(people, "/alice/photos/cat", b"another cat")
    assert end_of(people, secret) is LinkEnd.GONE
    assert [each.path for each in list_links(people, alice)] == [None]


def test_a_link_rests_while_its_maker_is_locked_out(people: Services, alice: Account):
    secret = link_to(people, alice, "/alice/photos/cat")
    set_disabled(people, "alice", disabled=True)
    assert end_of(people, secret) is LinkEnd.NO_RIGHT
    set_disabled(people, "alice", disabled=False)
    assert content(people, secret) == b"0123456789"
    delete_account(people, "alice")
    with pytest.raises(LinkEnded):
        opened_link(people, secret)


def test_a_link_gives_what_its_maker_may_share_now_and_no_more(people: Services, alice: Account):
    folder(people, "/alice/ours/", rules("/alice/ours/", ("alice", "Read Control")))
    file(people, "/alice/ours/plan")
    secret = link_to(people, alice, "/alice/ours/")
    assert content(people, secret, "/plan") == b"0123456789"
    put(people.store, "/alice/ours/.acl", rules("/alice/ours/", ("alice", "Control")).encode())
    for rest in ("/plan", ""):
        with pytest.raises(LinkEnded):
            content(people, secret, rest)


def test_who_was_let_in_a_moment_ago_does_not_see_what_took_the_place(people: Services, alice: Account):
    before = visit(people, link_to(people, alice, "/alice/photos/cat")).link
    assert shown(people, before) == b"0123456789"
    delete(people.store, "/alice/photos/cat")
    file(people, "/alice/photos/cat", b"another cat")
    with pytest.raises(LinkEnded):
        shown(people, before)


def test_a_file_is_not_kept_when_its_maker_lost_the_right_while_it_came(people: Services, alice: Account):
    folder(people, "/alice/ours/", rules("/alice/ours/", ("alice", "Append Control")))
    link = visit(people, link_to(people, alice, "/alice/ours/", UPLOAD)).link

    class Meanwhile(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            put(people.store, "/alice/ours/.acl", rules("/alice/ours/", ("alice", "Control")).encode())
            return super().read(size)

    with pytest.raises(LinkEnded):
        leave(people, link, "late", "text/plain", Meanwhile(b"1"))
    assert list(people.store.members(state_in(people.store, "/alice/ours/").id)) == []


def test_what_the_maker_may_not_read_stays_closed_in_a_folder_that_is_shared(people: Services, alice: Account):
    folder(people, "/alice/ours/", rules("/alice/ours/", ("alice", "Read Control")))
    for name, modes in (("none", "Append"), ("all", "Read")):
        file(people, f"/alice/ours/{name}")
        put(people.store, f"/alice/ours/{name}.acl", rules(f"/alice/ours/{name}", ("alice", modes)).encode())
    secret = link_to(people, alice, "/alice/ours/")
    assert content(people, secret, "/all") == b"0123456789"
    for name in ("none", "missing"):
        with pytest.raises(NotFound):
            content(people, secret, f"/{name}")


def test_a_link_to_a_whole_pod_keeps_its_inbox_and_settings_back(people: Services, alice: Account):
    file(people, "/alice/inbox/letter")
    secret = link_to(people, alice, "/alice/")
    assert content(people, secret, "/photos/cat") == b"0123456789"
    assert content(people, link_to(people, alice, "/alice/inbox/"), "/letter") == b"0123456789"
    for rest in ("/inbox/", "/inbox/letter", "/%69nbox/letter", "/settings/prefs.ttl"):
        with pytest.raises(NotFound):
            content(people, secret, rest)


def test_others_withdraw_no_link_of_an_owner(people: Services, alice: Account):
    bob, mine = create_account(people, "bob"), link_to(people, alice, "/alice/photos/")
    (hers,) = list_links(people, alice, state_in(people.store, "/alice/photos/"))
    with pytest.raises(NotFound):
        revoke_link(people, bob, hers.id)
    assert visit(people, mine)


# -- how much it takes in ----------------------------------------------------------------------------------------------


def test_a_link_takes_in_only_so_many_files(people: Services, alice: Account, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pod.store.share_links.LEFT_FILES_MAX", 2)
    secret = link_to(people, alice, "/alice/photos/", UPLOAD)
    before = visit(people, secret).link
    for number in range(3):
        with nullcontext() if number < 2 else pytest.raises(LinkFull):
            send(people, before, f"file-{number}")
    now = visit(people, secret).link
    assert (now.files, now.files_left, now.is_full) == (2, 0, True)
    assert absent(people.store, "/alice/photos/file-2")


def test_a_link_takes_in_only_so_many_bytes_and_never_all_of_a_quota(people: Services, alice: Account):
    with people.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = 1000000")
    secret = link_to(people, alice, "/alice/photos/", UPLOAD)
    send(people, visit(people, secret).link, "some", b"1" * 200_000)
    now = visit(people, secret).link
    assert (now.files, now.bytes, now.bytes_left) == (1, 200_000, 50_000)
    for size in (50_001, 500_000):
        with pytest.raises(LinkFull):
            send(people, now, "more", b"1" * size)
    send(people, now, "little", b"1" * 50_000)
    assert list(check(people.store)) == []


def test_strangers_do_not_hear_how_full_a_pod_is(people: Services, alice: Account):
    link = visit(people, link_to(people, alice, "/alice/photos/", UPLOAD)).link
    with people.store.write(SERVER) as tx:
        tx.rows("UPDATE storage SET bytes_max = bytes, resources_max = 0")
    with pytest.raises(LinkFull) as refused:
        send(people, link, "more", b"1" * 100)
    assert not re.search(r"\d", refused.value.detail)


# -- what is left of them ----------------------------------------------------------------------------------------------


def test_links_that_ended_explain_themselves_for_a_month_and_are_forgotten(people: Services, alice: Account):
    lasting = link_to(people, alice, "/alice/photos/", days=None)
    over = link_to(people, alice, "/alice/photos/", days=1)
    used = link_to(people, alice, "/alice/photos/", days=None, uses_max=1)
    gone = link_to(people, alice, "/alice/photos/cat", days=None)
    opened_link(people, used)
    delete(people.store, "/alice/photos/cat")
    forget(people.config, people.store)
    pass_time(people, DAY + SHARED_KEPT_MS // 1000)
    assert [end_of(people, each) for each in (over, used, gone)] == [LinkEnd.ENDED, LinkEnd.USED_UP, LinkEnd.GONE]
    pass_time(people, 1)
    forget(people.config, people.store)
    for secret in (over, used, gone):
        with pytest.raises(NotFound):
            visit(people, secret)
    assert visit(people, lasting)
    assert people.store.rows("SELECT * FROM share_link_opening") == []


def test_links_go_with_their_account(people: Services, alice: Account):
    opened_link(people, link_to(people, alice, "/alice/photos/"))
    delete_account(people, "alice", now=True)
    assert people.store.rows("SELECT * FROM share_link") == []
    assert people.store.rows("SELECT * FROM share_link_opening") == []
    assert list(check(people.store)) == []


@pytest.mark.parametrize("end", LinkEnd)
def test_refusals_are_told_in_words(end: LinkEnd):
    error = sharing.ended(end)
    assert error.status == 410
    assert error.detail.startswith(("Whoever", "This link", "What this link"))
