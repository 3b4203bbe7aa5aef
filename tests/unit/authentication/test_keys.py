"""The server's signing keys: shared, sealed, published before use, kept until their tokens are dead."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from jwcrypto.jwk import JWKSet
from jwcrypto.jwt import JWT

from pod.authentication.keys import FRESH_SECONDS, PUBLISHED_SECONDS, UNKNOWN_SECONDS, OwnKeys
from pod.authentication.secret_files import secret
from pod.errors import InvalidToken, StorageDamaged

DAY = 24 * 3600


def header(token: str) -> dict:
    return JWT(jwt=token).token.jose_header


def kids(ring) -> set[str]:
    return {key["kid"] for key in ring.key_set()["keys"]}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_what_is_signed_verifies_with_the_published_keys_alone(world, algorithm):
    token = world.keys.sign(algorithm, "at+jwt", {"webid": "https://a.example/#é"})
    published = JWKSet.from_json(json.dumps(world.keys.key_set()))
    assert json.loads(JWT(jwt=token, key=published).claims) == {"webid": "https://a.example/#é"}
    assert header(token)["typ"] == "at+jwt"


def test_the_published_keys_are_public(world):
    for key in world.keys.key_set()["keys"]:
        assert key.keys() <= {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"}
        assert key["use"] == "sig"
    assert {key["alg"] for key in world.keys.key_set()["keys"]} == {"ES256", "RS256"}


def test_processes_that_start_at_once_share_their_keys(world):
    with ThreadPoolExecutor(4) as threads:
        rings = list(threads.map(lambda _: world.ring(), range(4)))
    assert {frozenset(kids(ring)) for ring in rings} == {frozenset(kids(world.keys))}


def test_a_successor_is_published_before_it_signs_and_the_old_key_outlives_its_tokens(world):
    old = header(world.token())["kid"]
    world.clock.time += 90 * DAY
    assert header(world.token())["kid"] == old
    assert len(kids(world.keys)) == 4
    world.clock.time += PUBLISHED_SECONDS + 1
    assert header(world.token())["kid"] != old
    assert old in kids(world.keys)
    world.clock.time += 600 + FRESH_SECONDS
    assert old not in kids(world.keys)
    assert world.keys.verification_key(old) is None


def test_a_key_another_process_made_is_found_when_a_token_names_it(world):
    other, old = world.ring(), kids(world.keys)
    world.clock.time += 90 * DAY
    assert kids(other) == old
    world.clock.time += 2 * UNKNOWN_SECONDS
    world.keys.renew()
    assert all(other.verification_key(new) for new in kids(world.keys) - old)
    assert kids(world.keys) > old


def test_keys_are_read_again_when_the_clock_was_set_back(world):
    other, (retired, *_) = world.ring(), sorted(kids(world.keys))
    world.clock.time -= 10 * DAY
    world.keys.retire(retired)
    assert other.verification_key(retired) is None


def test_unknown_keys_are_looked_for_at_a_bounded_rate(world):
    statements: list[str] = []
    world.keys._accounts._queries = Counting(world.store, statements)
    world.clock.time += 2
    assert [world.keys.verification_key(str(each)) for each in range(100)] == [None] * 100
    assert len(statements) == 1


class Counting:
    def __init__(self, store, statements):
        self.store, self.statements = store, statements

    def rows(self, statement, parameters=()):
        self.statements.append(statement)
        return self.store.rows(statement, parameters)


def test_a_retired_key_is_gone_at_once_and_replaced(world):
    token = world.token()
    kid = header(token)["kid"]
    world.keys.retire(kid)
    assert world.keys.verification_key(kid) is None
    assert header(world.token())["kid"] != kid


def test_private_keys_are_sealed_in_the_database(world):
    with sqlite3.connect(world.config.database) as database:
        rows = database.execute("SELECT private_key FROM signing_key").fetchall()
    assert len(rows) == 2
    assert all(b"\x06\x07*\x86H\xce=" not in sealed and b"\x2a\x86\x48\x86\xf7" not in sealed for (sealed,) in rows)


def test_another_master_key_is_refused_with_a_reason(world):
    (world.config.keys / "master.key").unlink()
    with pytest.raises(StorageDamaged, match=r"master\.key"):
        world.ring()


def test_tokens_of_other_issuers_are_refused_with_a_hint(world):
    own = OwnKeys("https://pods.example/", world.keys)
    with pytest.raises(InvalidToken, match="trailing slash"):
        own.key("https://pods.example", "kid")
    with pytest.raises(InvalidToken, match="Only access tokens issued by"):
        own.key("https://elsewhere.example/", "kid")


def test_a_secret_is_made_once_and_readable_by_us_alone(tmp_path):
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: secret(tmp_path / "keys", "pepper.key"), range(32)))
    assert len(made) == 1
    assert (tmp_path / "keys" / "pepper.key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["pepper.key"]


@pytest.mark.parametrize("content", ["", "not hex", "abcd", "é"])
def test_a_spoiled_secret_is_refused(tmp_path, content):
    (tmp_path / "pepper.key").write_text(content)
    with pytest.raises(StorageDamaged):
        secret(tmp_path, "pepper.key")
