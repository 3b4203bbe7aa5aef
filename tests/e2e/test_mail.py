"""A real server and a real mail server: mail that people ask for on a page arrives, and its link leads back in."""

from __future__ import annotations

import pytest

from tests.support.browserless import Person
from tests.support.postbox import postbox
from tests.support.server import ALICE, running_server
from tests.support.waiting import until

NEW = "staple battery horse"


@pytest.mark.e2e
def test_a_forgotten_password_is_replaced_by_mail():
    with postbox() as box:
        environment = {f"FREEHOLD_{name.upper()}": str(value) for name, value in box.settings().items()}
        with running_server((ALICE,), environment=environment) as server:
            person = Person(server.base_url)
            answers = [person.send("/.account/reset", name=name) for name in ("nobody", "alice")]
            assert len({(answer.status_code, answer.headers.get("Location")) for answer in answers}) == 1
            until(lambda: box.mails)
            link = box.link()
            assert box.envelopes == [("pods@example.org", (ALICE.email,))]
            assert person.send(link, password=NEW).status_code == 303
            assert person.browser.get(link, timeout=20).status_code == 410
            old = Person(server.base_url).send("/.account/sign-in", name="alice", password=ALICE.password)
            new = Person(server.base_url).send("/.account/sign-in", name="alice", password=NEW)
            assert (old.status_code == 303, new.status_code) == (False, 303)
            log = server.log.read_text()
            assert box.token(0) not in log
            assert ALICE.email not in log
