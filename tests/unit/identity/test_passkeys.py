"""Passkeys: made by their owner, shown to sign in; and all that a browser, a page or a thief may answer instead."""

from __future__ import annotations

import json

import cbor2
import pytest

from pod.errors import Conflict, NotFound, TooManyRequests, UnprocessableContent, WrongPassword
from pod.identity.accounts import create_account, set_disabled
from pod.identity.challenges import CHALLENGE_SECONDS
from pod.identity.passkeys import (
    PASSKEYS_MAX,
    add_passkey,
    registration_options,
    relying_party,
    remove_passkey,
    sign_in_options,
    sign_in_with_passkey,
)
from pod.identity.sessions import find_session, start_session
from pod.identity.sign_in import OF_ADDRESS
from pod.store.factors import Factors
from pod.store.forget import forget
from pod.store.records import SERVER
from tests.support.authenticator import Authenticator, decoded, encoded
from tests.support.people import HERE, PASSWORD, opened, pass_time

ORIGIN = "https://pods.example"
BROWSER, OTHER_BROWSER = "a secret of this browser", "a secret of another"


@pytest.fixture
def device():
    return Authenticator(ORIGIN)


def added(services, account, device, name="Phone"):
    return add_passkey(services, account, BROWSER, device.make(registration_options(services, account, BROWSER)), name)


def shown(services, device, browser=BROWSER, **change):
    """Whom the newest passkey of a device lets in."""
    answer = device.show(sign_in_options(services, BROWSER))
    return sign_in_with_passkey(services, changed(answer, **change), browser, HERE)[0]


def changed(answer, **members):
    said = json.loads(answer)
    said["response"] |= members
    return json.dumps(said)


def passkeys(services, account):
    return Factors(services.store).passkeys(account.id)


def test_a_passkey_lets_its_owner_in_without_a_name(people, she, device):
    passkey = added(people, she, device)
    assert (passkey.name, passkey.transports, passkey.used_ms) == ("Phone", ("internal",), None)
    assert shown(people, device) == she
    assert passkeys(people, she)[0].used_ms == 1_000_000_000


def test_who_says_who_they_are_is_told_nothing_before_the_passkey(people, she, device):
    added(people, she, device)
    assert sign_in_options(people, BROWSER)["allowCredentials"] == []
    assert registration_options(people, she, BROWSER)["authenticatorSelection"]["residentKey"] == "required"
    device.says_handle = False
    with pytest.raises(WrongPassword):
        shown(people, device)


def test_showing_many_passkeys_runs_out(people, she):
    for _ in range(OF_ADDRESS.times):
        with pytest.raises(WrongPassword):
            sign_in_with_passkey(people, "{}", BROWSER, HERE)
    with pytest.raises(TooManyRequests):
        sign_in_with_passkey(people, "{}", BROWSER, HERE)


def test_what_devices_are_told_says_nothing_of_who_it_is(people, she, device):
    options = registration_options(people, she, BROWSER)
    handle = decoded(options["user"]["id"])
    assert len(handle) == 32
    assert registration_options(people, she, BROWSER)["user"]["id"] == options["user"]["id"]
    assert registration_options(people, create_account(people, "bob"), BROWSER)["user"]["id"] != options["user"]["id"]


# -- answers that are none ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://alice.pods.example"},
        {"origin": "http://pods.example"},
        {"rp_id": "evil.example"},
        {"rp_id": "alice.pods.example"},
        {"verifies": False},
    ],
    ids=str,
)
def test_a_page_elsewhere_or_a_device_that_knows_nobody_is_refused(people, she, device, lie):
    added(people, she, device)
    liar = Authenticator(**{"origin": ORIGIN, "held": [*device.held], **lie})
    with pytest.raises(WrongPassword):
        shown(people, liar)
    with pytest.raises(UnprocessableContent):
        added(people, she, liar)
    assert shown(people, device) == she


def test_an_answer_is_good_for_one_time_and_one_browser(people, she, device):
    added(people, she, device)
    answer = device.show(sign_in_options(people, BROWSER))
    with pytest.raises(WrongPassword):
        sign_in_with_passkey(people, answer, OTHER_BROWSER, HERE)
    assert sign_in_with_passkey(people, answer, BROWSER, HERE)[0] == she
    with pytest.raises(WrongPassword):
        sign_in_with_passkey(people, answer, BROWSER, HERE)


def test_a_challenge_ends(people, she, device):
    added(people, she, device)
    answer = device.show(sign_in_options(people, BROWSER))
    pass_time(people, CHALLENGE_SECONDS)
    with pytest.raises(WrongPassword):
        sign_in_with_passkey(people, answer, BROWSER, HERE)


def test_a_challenge_for_one_thing_is_none_for_another(people, she, device):
    options = registration_options(people, she, BROWSER)
    sign_in = {**options, "challenge": sign_in_options(people, BROWSER)["challenge"]}
    theirs = {**options, "challenge": registration_options(people, create_account(people, "bob"), BROWSER)["challenge"]}
    for each in (sign_in, theirs, {**options, "challenge": encoded(bytes(56))}, {**options, "challenge": ""}):
        with pytest.raises(UnprocessableContent):
            add_passkey(people, she, BROWSER, device.make(each), "Phone")


def test_answered_challenges_are_kept_until_they_end(people, she, device):
    added(people, she, device)
    shown(people, device)
    assert people.store.rows("SELECT COUNT(*) FROM used_challenge")[0][0] == 2
    pass_time(people, CHALLENGE_SECONDS)
    forget(people.config, people.store)
    assert people.store.rows("SELECT COUNT(*) FROM used_challenge")[0][0] == 0


def test_nothing_is_written_when_options_are_given_out(people, she):
    def rows():
        return [people.store.rows(f"SELECT * FROM {table}") for table in ("used_challenge", "account_factors")]

    before = rows()
    sign_in_options(people, BROWSER)
    registration_options(people, she, BROWSER)
    assert rows() == before


def test_a_copied_passkey_is_found_out_by_its_count(people, she):
    key = Authenticator(ORIGIN, counts=True)
    added(people, she, key)
    assert shown(people, key) == she
    copied = key.held[0].count
    assert shown(people, key) == she
    key.held[0].count = copied
    key.counts = False
    with pytest.raises(WrongPassword):
        shown(people, key)
    assert passkeys(people, she)[0].sign_count == copied + 1


def test_of_two_answers_with_one_count_one_is_late(people, she, device):
    passkey = added(people, she, device)
    with people.store.write(SERVER) as tx:
        uses = [Factors(tx).use_passkey(tx, passkey, sign_count=7, synced=False) for _ in range(2)]
    assert uses == [True, False]


def test_a_signature_by_another_key_is_refused(people, she, device):
    added(people, she, device)
    other = Authenticator(ORIGIN)
    added(people, create_account(people, "bob"), other)
    other.held[0].id = device.held[0].id
    with pytest.raises(WrongPassword):
        shown(people, other)
    other.held[0].handle = device.held[0].handle
    with pytest.raises(WrongPassword):
        shown(people, other)


def test_the_handle_of_somebody_else_is_refused(people, she, device):
    added(people, she, device)
    with pytest.raises(WrongPassword):
        shown(people, device, userHandle=encoded(b"somebody else"))


def test_a_locked_account_and_an_unknown_passkey_are_refused_alike(people, she, device):
    added(people, she, device)
    set_disabled(people, "alice", disabled=True)
    with pytest.raises(WrongPassword) as locked:
        shown(people, device)
    set_disabled(people, "alice", disabled=False)
    remove_passkey(people, she, passkeys(people, she)[0].id)
    with pytest.raises(WrongPassword) as unknown:
        shown(people, device)
    assert locked.value.detail == unknown.value.detail


NESTED = "[" * 20_000
NOT_ANSWERS = [
    "", "null", "[]", "1", "{}", NESTED, '{"id": 1}', '{"id": "a", "response": []}', "x" * 100_000, "\ud800",
    '{"id": "a", "response": {"clientDataJSON": 1}}',
    '{"id": "a", "response": {"clientDataJSON": "' + encoded(NESTED.encode()) + '"}}',
    '{"id": "a", "response": {"clientDataJSON": "' + encoded(b'{"challenge": [1]}') + '"}}',
    '{"id": "a", "response": {"clientDataJSON": "' + encoded(b'{"challenge": "YQ"}') + '"}}',
    '{"id": "a", "response": {"clientDataJSON": "\u00fc"}}',
]  # fmt: skip


@pytest.mark.parametrize("key", ["\ud800", "", "a b", "\u00fc", "x" * 2000], ids=ascii)
def test_the_name_of_a_passkey_is_one_or_refused(people, she, device, key):
    added(people, she, device)
    answer = json.loads(device.show(sign_in_options(people, BROWSER)))
    with pytest.raises(WrongPassword):
        sign_in_with_passkey(people, json.dumps(answer | {"id": key, "rawId": key}), BROWSER, HERE)
    answer = json.loads(device.make(registration_options(people, she, BROWSER)))
    with pytest.raises(UnprocessableContent):
        add_passkey(people, she, BROWSER, json.dumps(answer | {"id": key, "rawId": key}), "Phone")


@pytest.mark.parametrize("text", NOT_ANSWERS, ids=range(len(NOT_ANSWERS)))
def test_what_is_no_answer_is_refused(people, she, text):
    with pytest.raises(WrongPassword):
        sign_in_with_passkey(people, text, BROWSER, HERE)
    with pytest.raises(UnprocessableContent):
        add_passkey(people, she, BROWSER, text, "Phone")


KEYS = [
    {}, {1: 2}, {1: 2, 3: -7}, {1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)}, {1: 1, 3: -8, -1: 6, -2: b"short"},
    {1: 3, 3: -257, -1: b"\x01", -2: b"\x00"}, {1: 3, 3: -257, -1: b"\xff" * 8000, -2: b"\x01\x00\x01"}, {1: 9, 3: 9},
    {1: "2", 3: [], -1: None}, [], 7,
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_a_key_that_is_none_can_be_neither_kept_nor_used(people, she, device, monkeypatch, key):
    monkeypatch.setattr("tests.support.authenticator.cose", lambda _: cbor2.dumps(key))
    try:
        added(people, she, device)
    except UnprocessableContent:
        assert passkeys(people, she) == ()
    else:  # some can be read as a key, and verify nothing
        with pytest.raises(WrongPassword):
            shown(people, device)


@pytest.mark.parametrize(
    "members",
    [
        {"authenticatorData": ""},
        {"authenticatorData": encoded(bytes(36))},
        {"authenticatorData": encoded(b"\xff" * 5000)},
        {"signature": ""},
        {"signature": encoded(b"\x30\x80" * 2000)},
        {"signature": 7},
        {"userHandle": 7},
        {"clientDataJSON": encoded(b"\xff\xfe")},
    ],
    ids=str,
)
def test_what_no_device_says_is_refused(people, she, device, members):
    added(people, she, device)
    with pytest.raises(WrongPassword):
        shown(people, device, **members)


@pytest.mark.parametrize("attestation", [b"", b"\x81" * 9000, cbor2.dumps({"fmt": "none"}), cbor2.dumps([1])], ids=len)
def test_an_attestation_that_cannot_be_read_is_refused(people, she, device, attestation):
    answer = device.make(registration_options(people, she, BROWSER))
    with pytest.raises(UnprocessableContent):
        add_passkey(people, she, BROWSER, changed(answer, attestationObject=encoded(attestation)), "Phone")


@pytest.mark.parametrize("kind", ["tpm", "android-safetynet", "android-key", "fido-u2f", "apple"])
def test_attestations_that_nobody_asked_for_are_not_read(people, she, device, monkeypatch, kind):
    device.format = kind
    library = f"webauthn.registration.verify_registration_response.verify_{kind.replace('-', '_')}"
    monkeypatch.setattr(library, lambda **_: True)
    with pytest.raises(UnprocessableContent):
        added(people, she, device)


# -- keeping them ------------------------------------------------------------------------------------------------------


def test_a_device_is_told_what_it_has_already(people, she, device):
    passkey = added(people, she, device)
    options = registration_options(people, she, BROWSER)
    assert [each["id"] for each in options["excludeCredentials"]] == [passkey.id]


def test_a_passkey_has_one_owner(people, she, device):
    added(people, she, device)
    thief = Authenticator(ORIGIN)
    bob = create_account(people, "bob")
    answer = json.loads(thief.make(registration_options(people, bob, BROWSER)))
    attestation = cbor2.loads(decoded(answer["response"]["attestationObject"]))
    attestation["authData"] = attestation["authData"].replace(thief.held[0].id, device.held[0].id)
    answer["id"] = answer["rawId"] = encoded(device.held[0].id)
    stolen = changed(json.dumps(answer), attestationObject=encoded(cbor2.dumps(attestation)))
    with pytest.raises(Conflict):
        add_passkey(people, bob, BROWSER, stolen, "Phone")
    assert shown(people, device) == she


@pytest.mark.parametrize(
    ("typed", "kept"), [("  My phone ", "My phone"), ("", "Passkey"), ("a\x00\u202eb", "ab"), ("x" * 99, "x" * 60)]
)
def test_a_passkey_has_a_name_that_can_be_read(people, she, device, typed, kept):
    assert added(people, she, device, typed).name == kept


def test_there_are_so_many_and_each_can_be_removed(people, she, device):
    for _ in range(PASSKEYS_MAX):
        added(people, she, device)
    with pytest.raises(Conflict):
        added(people, she, device)
    remove_passkey(people, she, passkeys(people, she)[0].id)
    assert len(passkeys(people, she)) == PASSKEYS_MAX - 1


def test_nobody_removes_the_passkey_of_another(people, she, device):
    passkey = added(people, she, device)
    with pytest.raises(NotFound):
        remove_passkey(people, create_account(people, "bob", password=PASSWORD), passkey.id)
    assert shown(people, device) == she


def test_a_lost_passkey_takes_along_what_was_signed_in_with_it(people, she, device):
    first, second = added(people, she, device), added(people, she, device)
    (mine, here), (_, theirs) = (start_session(people, she, "") for _ in range(2))
    remove_passkey(people, she, first.id)
    assert find_session(people, theirs)
    remove_passkey(people, she, second.id, stay=mine)
    assert find_session(people, here)
    assert find_session(people, theirs) is None


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://pods.example/", "pods.example"),
        ("https://pods.example:8443/", "pods.example"),
        ("http://localhost:3000/", "localhost"),
        ("http://pods.localhost:3000/", "pods.localhost"),
        ("http://127.0.0.1:3000/", None),
        ("http://[::1]:3000/", None),
        ("https://192.0.2.1/", None),
        ("http://pods.local/", None),
    ],
)
def test_passkeys_need_a_name_and_a_connection_that_holds(tmp_path, base_url, host):
    with opened(tmp_path / "data", base_url=base_url, dev=True) as services:
        party = relying_party(services)
        assert (party and party.id) == host
        if host:
            device = Authenticator(base_url.rstrip("/"))
            she = create_account(services, "alice")
            added(services, she, device)
            assert shown(services, device) == she
        else:
            with pytest.raises(Conflict):
                sign_in_options(services, BROWSER)
