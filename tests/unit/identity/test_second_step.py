"""The second step after a password: codes from an app, recovery codes and passkeys; and accounts that have no password."""

from __future__ import annotations

from contextlib import suppress

import pyotp
import pytest

from pod.errors import (
    BadRequest,
    Conflict,
    PodError,
    StorageDamaged,
    TooManyRequests,
    UnprocessableContent,
    WrongPassword,
)
from pod.identity.accounts import create_account, reset_password, set_disabled
from pod.identity.code_app import (
    PACES,
    SETUP_SECONDS,
    WRONG_CODES_TOLD,
    begin_setup,
    finish_setup,
    read_setup,
    switch_codes_off,
)
from pod.identity.notices import latest_events
from pod.identity.passkeys import add_passkey, registration_options, remove_passkey, second_step_options
from pod.identity.recovery import change_password, request_reset, reset_with_link, set_email
from pod.identity.recovery_codes import NUMBER, make_recovery_codes
from pod.identity.second_step import (
    STEP_SECONDS,
    ask_for_passkey,
    begin_second_step,
    finish_with_code,
    finish_with_passkey,
    read_step,
    remove_factors,
    remove_password,
    sign_in_with_recovery_code,
)
from pod.identity.sessions import Arrival, find_session, start_session
from pod.identity.sign_in import FRESH_SECONDS, OF_NAME_AT_ADDRESS, confirm, sign_in
from pod.store.factors import Factors
from pod.store.forget import forget
from pod.store.mail import MailKind
from pod.store.records import SERVER
from tests.support.authenticator import Authenticator
from tests.support.people import HERE, PASSWORD, opened, pass_time

BROWSER, OTHER_BROWSER = "a secret of this browser", "a secret of another"
NEW = "staple battery horse"


@pytest.fixture
def device():
    return Authenticator("https://pods.example")


def codes_on(services, account):
    """Switched on; gives the app."""
    setup = begin_setup(services, account)
    app = pyotp.parse_uri(setup.uri)
    assert isinstance(app, pyotp.TOTP)
    finish_setup(services, account, setup.sealed, app.at(services.clock.now()))
    pass_time(services, 60)
    return app


def passkey_added(services, account, device):
    options = registration_options(services, account, BROWSER)
    return add_passkey(services, account, BROWSER, device.make(options), "Phone")


def begun(services, account, browser=BROWSER):
    sealed = begin_second_step(services, account, browser, "/.account/apps")
    return sealed and read_step(services, sealed, browser)


def answered(services, account, typed):
    """What whoever knows the password gets for a code."""
    try:
        return finish_with_code(services, begun(services, account), typed, HERE).name
    except PodError as error:
        return type(error)


def state(services, account):
    return Factors(services.store).state(account.id)


def now(app, services):
    return app.at(services.clock.now())


# -- codes from an app -------------------------------------------------------------------------------------------------


def test_a_password_is_enough_until_its_owner_wants_more(people, she):
    assert begun(people, she) is None
    begin_setup(people, she)
    assert begun(people, she) is None
    codes_on(people, she)
    assert begun(people, she).location == "/.account/apps"
    switch_codes_off(people, she)
    assert begun(people, she) is None


def test_a_code_works_once_and_so_does_the_one_that_switched_them_on(people, she):
    setup = begin_setup(people, she)
    app = pyotp.parse_uri(setup.uri)
    first = now(app, people)
    finish_setup(people, she, setup.sealed, first)
    assert answered(people, she, first) is WrongPassword
    pass_time(people, 30)
    code = now(app, people)
    assert answered(people, she, f" {code[:3]} {code[3:]} ") == "alice"
    assert answered(people, she, code) is WrongPassword
    pass_time(people, 30)
    assert answered(people, she, now(app, people)) == "alice"


def test_an_older_code_is_none_once_a_newer_one_was_used(people, she):
    app = codes_on(people, she)
    older = now(app, people)
    pass_time(people, 30)
    assert answered(people, she, now(app, people)) == "alice"
    assert answered(people, she, older) is WrongPassword


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-60, WrongPassword), (-30, "alice"), (30, "alice"), (60, WrongPassword)]
)
def test_the_clock_of_a_phone_may_be_off_by_half_a_minute(people, she, seconds, expected):
    app = codes_on(people, she)
    pass_time(people, 300)
    assert answered(people, she, app.at(people.clock.now() + seconds)) == expected


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "\u0661\u0662\u0663\u0664\u0665\u0666", "abcdef", "x" * 100_000, "\ud800"]
)
def test_what_is_no_code_is_answered_like_a_wrong_one(people, she, typed):
    codes_on(people, she)
    with pytest.raises(WrongPassword) as told:
        finish_with_code(people, begun(people, she), typed, HERE)
    with pytest.raises(WrongPassword) as wrong:
        finish_with_code(people, begun(people, she), "000000", HERE)
    assert told.value.detail == wrong.value.detail


def test_the_first_code_has_to_be_of_the_key_that_was_shown(people, she):
    setup = begin_setup(people, she)
    with pytest.raises(UnprocessableContent):
        finish_setup(people, she, setup.sealed, "000000")
    assert not state(people, she).has_codes
    assert read_setup(people, she, setup.sealed) == setup


def test_a_key_was_shown_to_one_account_and_not_long_ago(people, she):
    setup = begin_setup(people, she)
    app = pyotp.parse_uri(setup.uri)
    with pytest.raises(BadRequest):
        finish_setup(people, create_account(people, "bob"), setup.sealed, now(app, people))
    pass_time(people, SETUP_SECONDS + 1)
    with pytest.raises(BadRequest):
        finish_setup(people, she, setup.sealed, now(app, people))


def test_the_key_is_not_in_the_database_and_is_bound_to_its_account(people, she):
    app = codes_on(people, she)
    (kept,) = people.store.rows("SELECT code_key FROM account_factors")
    assert app.secret.encode() not in kept[0]
    assert app.byte_secret() not in kept[0]
    bob = create_account(people, "bob", password=PASSWORD)
    with people.store.write(SERVER) as tx:
        Factors(tx).set_code_key(tx, bob.id, kept[0], step=0)
    with pytest.raises(StorageDamaged):
        finish_with_code(people, begun(people, bob), now(app, people), HERE)


def test_another_app_ends_the_codes_of_the_first(people, she):
    first, second = codes_on(people, she), codes_on(people, she)
    assert answered(people, she, now(first, people)) is WrongPassword
    assert answered(people, she, now(second, people)) == "alice"


# -- guessing ----------------------------------------------------------------------------------------------------------


def guess_everywhere(services, account, times):
    for number in range(times):
        with pytest.raises(WrongPassword):
            finish_with_code(services, begun(services, account), "000000", f"203.0.113.{number}")


def test_guesses_run_out_for_all_addresses_and_a_right_code_clears_the_count(people, she):
    app = codes_on(people, she)
    for _ in range(PACES[0].times // 2 - 1):
        assert answered(people, she, "000000") is WrongPassword
    assert answered(people, she, now(app, people)) == "alice"
    guess_everywhere(people, she, PACES[0].times)
    pass_time(people, 60)
    assert answered(people, she, now(app, people)) is TooManyRequests
    pass_time(people, PACES[0].seconds)
    assert answered(people, she, now(app, people)) == "alice"
    assert state(people, she).wrong_codes == 0


def test_one_address_uses_up_its_own_half(people, she):
    app = codes_on(people, she)
    for _ in range(PACES[0].times // 2):
        assert answered(people, she, "000000") is WrongPassword
    assert answered(people, she, "000000") is TooManyRequests
    assert finish_with_code(people, begun(people, she), now(app, people), "203.0.113.1") == she


def test_wrong_codes_keep_nobody_from_a_recovery_code_or_a_passkey(people, she, device):
    app = codes_on(people, she)
    passkey_added(people, she, device)
    (recovery, *_) = make_recovery_codes(people, she)
    for way_in in (
        lambda: finish_with_code(people, begun(people, she), recovery, HERE),
        lambda: finish_with_passkey(
            people, begun(people, she), device.show(second_step_options(people, she, BROWSER)), BROWSER, HERE
        ),
    ):
        guess_everywhere(people, she, PACES[0].times)
        assert answered(people, she, "000000") is TooManyRequests
        assert way_in()
        pass_time(people, 30)
        assert answered(people, she, now(app, people)) == "alice"


def test_counts_are_shared_by_all_processes(tmp_path):
    with opened(tmp_path / "data") as first, opened(tmp_path / "data") as second:
        she = create_account(first, "alice", password=PASSWORD)
        codes_on(first, she)
        pass_time(second, 60)
        for services in (first, second) * (PACES[0].times // 4):
            assert answered(services, she, "000000") is WrongPassword
        assert answered(first, she, "000000") is TooManyRequests


def guesses_in_a_day(services, account):
    """How many codes somebody is answered who tries without end, from many addresses."""
    taken = 0
    for _ in range(48):
        with suppress(TooManyRequests):
            while taken < 1000:
                with pytest.raises(WrongPassword):
                    finish_with_code(services, begun(services, account), "000000", f"203.0.113.{taken % 200}")
                taken += 1
        pass_time(services, 1800)
        forget(services.config, services.store)
    return taken


def test_who_guesses_from_everywhere_gets_a_hundred_codes_and_then_a_dozen_a_day(people, she):
    app = codes_on(people, she)
    first, second = (guesses_in_a_day(people, she) for _ in range(2))
    assert 100 <= first <= 112
    assert second <= 12
    assert told(people, she).count(MailKind.WRONG_CODES) == len(WRONG_CODES_TOLD)
    reset_password(people, "alice", NEW)
    her = people.accounts.by_name("alice")
    assert guesses_in_a_day(people, her) <= 12
    pass_time(people, PACES[-1].seconds)
    assert answered(people, her, now(app, people)) == "alice"
    assert state(people, her).wrong_codes == 0


def test_the_right_password_alone_clears_no_count(people, she):
    codes_on(people, she)
    for _ in range(OF_NAME_AT_ADDRESS.times):
        sign_in(people, "alice", PASSWORD, HERE)
    with pytest.raises(TooManyRequests):
        sign_in(people, "alice", PASSWORD, HERE)


# -- on the way --------------------------------------------------------------------------------------------------------


def test_the_step_belongs_to_one_browser_and_ends(people, she):
    codes_on(people, she)
    sealed = begin_second_step(people, she, BROWSER, "/.account/")
    for browser, text in ((OTHER_BROWSER, sealed), (BROWSER, sealed + "x"), (BROWSER, "")):
        with pytest.raises(BadRequest):
            read_step(people, text, browser)
    pass_time(people, STEP_SECONDS + 1)
    with pytest.raises(BadRequest):
        read_step(people, sealed, BROWSER)


def test_a_password_that_was_changed_meanwhile_opens_no_step(people, she):
    codes_on(people, she)
    sealed = begin_second_step(people, she, BROWSER, "/.account/")
    reset_password(people, "alice", NEW)
    with pytest.raises(BadRequest):
        read_step(people, sealed, BROWSER)


def test_an_account_that_was_locked_meanwhile_opens_no_step(people, she):
    codes_on(people, she)
    sealed = begin_second_step(people, she, BROWSER, "/.account/")
    set_disabled(people, "alice", disabled=True)
    with pytest.raises(BadRequest):
        read_step(people, sealed, BROWSER)


# -- recovery codes ----------------------------------------------------------------------------------------------------


def test_each_recovery_code_works_once_however_it_is_typed(people, she):
    codes_on(people, she)
    codes = make_recovery_codes(people, she)
    assert (len(set(codes)), state(people, she).recovery_codes) == (NUMBER, NUMBER)
    typed = [codes[0], codes[1].upper(), codes[2].replace("-", " "), codes[3].replace("0", "O").replace("1", "l")]
    assert [answered(people, she, each) for each in typed] == ["alice"] * 4
    assert [answered(people, she, each) for each in typed[:2]] == [WrongPassword] * 2
    assert state(people, she).recovery_codes == NUMBER - 4


def test_new_recovery_codes_end_the_old_ones(people, she):
    codes_on(people, she)
    (old, *_), (new, *_) = make_recovery_codes(people, she), make_recovery_codes(people, she)
    assert answered(people, she, old) is WrongPassword
    assert answered(people, she, new) == "alice"


def test_recovery_codes_are_kept_as_digests_and_belong_to_one_account(people, she):
    codes_on(people, she)
    (code, *_) = make_recovery_codes(people, she)
    assert code.replace("-", "") not in str(people.store.rows("SELECT * FROM recovery_code"))
    bob = create_account(people, "bob", password=PASSWORD)
    codes_on(people, bob)
    assert answered(people, bob, code) is WrongPassword


# -- passkeys as the second step ---------------------------------------------------------------------------------------


def test_a_passkey_is_asked_for_where_its_owner_wants_it(people, she, device):
    passkey = passkey_added(people, she, device)
    assert begun(people, she) is None
    ask_for_passkey(people, she, asked=True)
    answer = device.show(second_step_options(people, she, BROWSER))
    assert finish_with_passkey(people, begun(people, she), answer, BROWSER, HERE) == (she, passkey)
    ask_for_passkey(people, she, asked=False)
    assert begun(people, she) is None


def test_a_passkey_does_as_well_as_a_code(people, she, device):
    codes_on(people, she)
    passkey_added(people, she, device)
    answer = device.show(second_step_options(people, she, BROWSER))
    assert finish_with_passkey(people, begun(people, she), answer, BROWSER, HERE)[0] == she


def test_the_passkey_of_somebody_else_is_no_second_step(people, she, device):
    codes_on(people, she)
    bob = create_account(people, "bob", password=PASSWORD)
    passkey_added(people, bob, device)
    options = second_step_options(people, she, BROWSER)
    with pytest.raises(WrongPassword):
        finish_with_passkey(people, begun(people, she), device.show(options, device.held[0]), BROWSER, HERE)
    theirs = second_step_options(people, bob, BROWSER)
    with pytest.raises(WrongPassword):
        finish_with_passkey(people, begun(people, she), device.show(theirs), BROWSER, HERE)


def test_none_is_asked_for_that_is_not_there(people, she, device):
    with pytest.raises(Conflict):
        ask_for_passkey(people, she, asked=True)
    passkey = passkey_added(people, she, device)
    ask_for_passkey(people, she, asked=True)
    remove_passkey(people, she, passkey.id)
    assert begun(people, she) is None


# -- without a password ------------------------------------------------------------------------------------------------


def without_password(services, account, device):
    """Gives the account as it is then, and a recovery code."""
    passkey_added(services, account, device)
    codes = make_recovery_codes(services, account)
    return remove_password(services, account), codes


@pytest.mark.parametrize("number", [0, 1])
def test_one_lost_device_must_not_lock_its_owner_out(people, she, device, number):
    for _ in range(number):
        passkey_added(people, she, device)
    with pytest.raises(Conflict):
        remove_password(people, she)
    passkey_added(people, she, device)
    make_recovery_codes(people, she)
    assert not remove_password(people, she).has_password


def test_the_last_way_in_cannot_be_removed(people, she, device):
    first, second = (passkey_added(people, she, device) for _ in range(2))
    her = remove_password(people, she)
    with pytest.raises(Conflict):
        remove_passkey(people, her, first.id)
    make_recovery_codes(people, her)
    remove_passkey(people, her, first.id)
    with pytest.raises(Conflict):
        remove_passkey(people, her, second.id)
    with pytest.raises(Conflict):
        ask_for_passkey(people, her, asked=False)


def test_what_another_window_has_just_given_up_is_no_way_in(people, she, device):
    first, _ = (passkey_added(people, she, device) for _ in range(2))
    remove_password(people, she)
    assert she.has_password
    with pytest.raises(Conflict):
        remove_passkey(people, she, first.id)
    with pytest.raises(Conflict):
        ask_for_passkey(people, she, asked=False)


def test_no_password_lets_in_and_a_recovery_code_does(people, she, device):
    _, (code, other, *_) = without_password(people, she, device)
    for password in ("", PASSWORD):
        with pytest.raises(WrongPassword):
            sign_in(people, "alice", password, HERE)
    assert sign_in_with_recovery_code(people, "Alice", code, HERE).name == "alice"
    with pytest.raises(WrongPassword):
        sign_in_with_recovery_code(people, "alice", code, HERE)
    set_disabled(people, "alice", disabled=True)
    with pytest.raises(WrongPassword):
        sign_in_with_recovery_code(people, "alice", other, HERE)


def test_where_there_is_a_password_a_recovery_code_alone_lets_nobody_in(people, she):
    codes_on(people, she)
    (code, *_) = make_recovery_codes(people, she)
    with pytest.raises(WrongPassword) as hers:
        sign_in_with_recovery_code(people, "alice", code, HERE)
    with pytest.raises(WrongPassword) as nobodys:
        sign_in_with_recovery_code(people, "nobody", code, HERE)
    assert hers.value.detail == nobodys.value.detail
    assert state(people, she).recovery_codes == NUMBER
    for _ in range(OF_NAME_AT_ADDRESS.times - 1):
        with pytest.raises(WrongPassword):
            sign_in_with_recovery_code(people, "alice", "x", HERE)
    with pytest.raises(TooManyRequests):
        sign_in_with_recovery_code(people, "alice", "x", HERE)


def test_a_fresh_sign_in_takes_the_place_of_the_password(people, she, device):
    her, _ = without_password(people, she, device)
    session, _ = start_session(people, her, "")
    fresh = session.authenticated_ms
    assert confirm(people, her, "", authenticated_ms=fresh) == her
    for ms in (0, fresh + 1000):
        with pytest.raises(WrongPassword):
            confirm(people, her, "", authenticated_ms=ms)
    pass_time(people, FRESH_SECONDS)
    with pytest.raises(WrongPassword):
        set_email(people, her, "a@example.org", password="", authenticated_ms=fresh)


def test_where_a_second_step_is_on_the_password_is_not_enough(people, she):
    session, _ = start_session(people, she, "")
    codes_on(people, she)
    assert confirm(people, she, PASSWORD, authenticated_ms=session.authenticated_ms) == she
    pass_time(people, FRESH_SECONDS)
    for attempt in (change_password, lambda *given, keep: confirm(*given[:3], authenticated_ms=keep.authenticated_ms)):
        with pytest.raises(WrongPassword):
            attempt(people, she, PASSWORD, NEW, keep=session)
    switch_codes_off(people, she)
    assert confirm(people, she, PASSWORD, authenticated_ms=session.authenticated_ms) == she


def test_where_there_is_a_password_a_fresh_sign_in_is_not_enough(people, she):
    session, _ = start_session(people, she, "")
    with pytest.raises(WrongPassword):
        confirm(people, she, "", authenticated_ms=session.authenticated_ms)


def test_a_password_can_be_chosen_again_and_a_passkey_is_asked_for_after_it(people, she, device):
    her, _ = without_password(people, she, device)
    session, _ = start_session(people, her, "")
    with_password = change_password(people, her, "", NEW, keep=session)
    assert sign_in(people, "alice", NEW, HERE) == with_password
    assert begun(people, with_password)


# -- new passwords by mail ---------------------------------------------------------------------------------------------


def asked(services, letters):
    request_reset(services, "alice", HERE)
    return next(token for _, token in letters.delivered() if token not in {"reset", "security", "sessions"})


def test_a_new_password_by_mail_does_not_pass_by_the_second_step(people, she, letters):
    app = codes_on(people, she)
    letters.delivered()
    account = reset_with_link(people, asked(people, letters), NEW, HERE)
    assert begun(people, account)
    assert answered(people, account, now(app, people)) == "alice"


def test_nor_does_one_for_an_account_that_had_none(people, she, device, letters):
    _, (code, *_) = without_password(people, she, device)
    letters.delivered()
    account = reset_with_link(people, asked(people, letters), NEW, HERE)
    assert begun(people, account)
    assert answered(people, account, code) == "alice"


# -- the operator ------------------------------------------------------------------------------------------------------


def test_the_operator_removes_what_was_lost_and_its_owner_is_told(people, she, device, letters):
    codes_on(people, she)
    passkey_added(people, she, device)
    make_recovery_codes(people, she)
    ask_for_passkey(people, she, asked=True)
    _, secret = start_session(people, she, "")
    letters.delivered()
    before = remove_factors(people, "alice")
    assert (before.passkeys, before.has_codes, before.recovery_codes) == (1, True, NUMBER)
    assert begun(people, she) is None
    after = state(people, she)
    assert (after.passkeys, after.has_codes, after.recovery_codes) == (0, False, 0)
    assert find_session(people, secret) is None
    letters.delivered()
    assert "operator removed" in letters.sent[0][1]
    assert latest_events(people, she.id)[0].kind is MailKind.FACTORS_REMOVED


# -- who is told -------------------------------------------------------------------------------------------------------


def came(services, account, browser, **more):
    start_session(services, account, "", arrival=Arrival(browser, **more))


def told(services, account):
    return [each.kind for each in latest_events(services, account.id) for _ in range(each.times)]


def test_its_owner_is_told_once_of_each_new_browser(people, she, letters):
    for browser in ("one", "one", "two", "one", "two"):
        came(people, she, browser)
    assert told(people, she) == [MailKind.NEW_BROWSER] * 2
    letters.delivered()
    assert ["browser that was not seen before" in text for _, text in letters.sent] == [True] * 2
    came(people, create_account(people, "bob"), "one")
    assert "one" not in str(people.store.rows("SELECT hash FROM known_browser"))


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"


@pytest.mark.parametrize(
    ("agent", "network", "line"),
    [
        (FIREFOX, "203.0.113.9", "It calls itself Firefox on Linux and came from 203.0.113.9.\n"),
        (FIREFOX, "", "It calls itself Firefox on Linux.\n"),
        ("Buy at https://spam.example", "2001:db8::/64", "before.\nIt came from 2001:db8::/64.\n"),
        ("", "", "before.\n\nIf that was you"),
    ],
)
def test_the_mail_says_what_browser_it_was_and_where(people, she, letters, agent, network, line):
    start_session(people, she, agent, arrival=Arrival("one", network))
    letters.delivered()
    assert line in letters.sent[0][1]
    assert "spam" not in letters.sent[0][1]


def test_who_has_just_made_the_account_knows(people, she):
    came(people, she, "one", expected=True)
    came(people, she, "one")
    assert told(people, she) == []


def test_after_a_new_password_every_browser_is_a_new_one(people, she):
    came(people, she, "one", expected=True)
    reset_password(people, "alice", NEW)
    came(people, people.accounts.by_name("alice"), "one")
    assert told(people, she) == [MailKind.NEW_BROWSER, MailKind.PASSWORD_CHANGED]


def test_a_passkey_that_was_removed_meanwhile_lets_nobody_in(people, she, device):
    passkey = passkey_added(people, she, device)
    remove_passkey(people, she, passkey.id)
    with pytest.raises(WrongPassword):
        came(people, she, "one", passkey=passkey.id)


def test_what_is_told_is_bounded(people, she):
    for number in range(120):
        came(people, she, f"browser {number}")
    assert people.store.rows("SELECT COUNT(*) FROM account_event")[0][0] == 100
    assert people.store.rows("SELECT COUNT(*) FROM known_browser")[0][0] == 50
