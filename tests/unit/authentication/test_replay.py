"""The memory of proofs: each is accepted once on this machine, by whichever thread or process comes first."""

from __future__ import annotations

import stat
import struct
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

import pytest

from pod.authentication import replay
from pod.authentication.replay import SLOTS, ReplayTable
from pod.errors import Busy
from pod.protocol.agent import Proof

NOW = 1_800_000_000.5
WINDOW, SKEW = 60, 10
LIFETIME = WINDOW + SKEW
LONG_AGO = NOW - LIFETIME


def proof(jti: str, jkt: str = "key") -> Proof:
    return Proof(jkt, jti, NOW + 60)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "run" / "proofs"


def table(file, entries=4 * SLOTS, now=NOW):
    return ReplayTable(file, entries=entries, lifetime_seconds=LIFETIME, now=now)


def test_a_proof_is_accepted_once(file):
    proofs = table(file)
    assert [proofs.remember(proof("a"), NOW) for _ in range(3)] == [True, False, False]


def test_the_same_identifier_of_another_key_is_another_proof(file):
    proofs = table(file)
    assert proofs.remember(proof("a", "key"), NOW)
    assert proofs.remember(proof("a", "other"), NOW)


def test_a_proof_is_remembered_for_as_long_as_it_could_be_accepted(file):
    proofs = table(file)
    proofs.remember(proof("a"), NOW)
    assert not proofs.remember(proof("a"), NOW + LIFETIME)
    assert proofs.remember(proof("a"), NOW + LIFETIME + 2)


def test_a_caller_whose_clock_reading_is_late_still_sees_the_proof(file):
    proofs = table(file)
    proofs.remember(proof("a"), NOW + 2)
    assert not proofs.remember(proof("a"), NOW)


def test_a_full_table_refuses_what_it_cannot_remember(file):
    proofs = table(file, entries=SLOTS)
    assert all(proofs.remember(proof(str(each)), NOW) for each in range(SLOTS))
    with pytest.raises(Busy):
        proofs.remember(proof("one more"), NOW)
    assert not proofs.remember(proof("0"), NOW)


def test_expired_entries_make_room(file):
    proofs = table(file, entries=SLOTS)
    for each in range(10 * SLOTS):
        assert proofs.remember(proof(str(each)), NOW + each * LIFETIME / (SLOTS / 2))


def test_a_restart_forgets_nothing(file):
    table(file).remember(proof("a"), NOW)
    assert not table(file).remember(proof("a"), NOW)


def test_a_table_of_another_size_is_made_anew(file):
    table(file, entries=SLOTS).close()
    assert table(file, entries=8 * SLOTS, now=LONG_AGO).remember(proof("a"), NOW)


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 5000])
def test_a_file_that_is_no_table_is_replaced(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    assert table(file, now=LONG_AGO).remember(proof("a"), NOW)


def of_another_boot(file):
    """As it is found when the power failed: nobody knows what of it was written out."""
    with file.open("r+b") as table:
        table.seek(file.read_bytes().index(replay._boot()))
        table.write(b"?")


def test_what_a_lost_table_could_have_held_is_refused_until_it_expires(file):
    table(file).close()
    of_another_boot(file)
    proofs = table(file, now=NOW)
    with pytest.raises(Busy, match="just started"):
        proofs.remember(Proof("key", "dated ahead", NOW + SKEW - 1 + WINDOW), NOW)
    assert proofs.remember(Proof("key", "newer", NOW + SKEW + 1 + WINDOW), NOW + SKEW + 1)


def test_a_clock_set_back_below_the_loss_locks_nobody_out(file):
    table(file).close()
    of_another_boot(file)
    assert table(file, now=NOW + 3600).remember(proof("a"), NOW)


def test_the_first_table_has_lost_nothing(file):
    assert table(file, now=NOW).remember(Proof("key", "a", NOW + 1), NOW)


def test_a_slot_that_a_killed_process_left_half_written_does_not_stay_taken(file):
    proofs = table(file, entries=SLOTS)
    proofs.close()
    torn = bytearray(file.read_bytes())
    torn[4096 + SLOTS * 8 : 4096 + SLOTS * 12] = struct.pack("<I", 0xFFFFFFFF) * SLOTS
    file.write_bytes(torn)
    assert table(file, entries=SLOTS).remember(proof("a"), NOW)


def test_the_file_is_private(file):
    table(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


STARTING: dict[str, Barrier] = {}
IDENTIFIERS = [str(each) for each in range(400)]


def stand_at(line: Barrier) -> None:
    STARTING["line"] = line


def accepted(file) -> list[str]:
    proofs = table(file, entries=64 * SLOTS)
    STARTING["line"].wait(30)
    return [each for each in IDENTIFIERS if proofs.remember(proof(each), NOW)]


def test_of_many_processes_with_the_same_proofs_exactly_one_wins_each(file):
    context = get_context("spawn")
    line = context.Barrier(4)
    with ProcessPoolExecutor(4, mp_context=context, initializer=stand_at, initargs=(line,)) as processes:
        winners = Counter(each for won in processes.map(accepted, [file] * 4) for each in won)
    assert winners == Counter(IDENTIFIERS)


def test_of_many_threads_with_the_same_proofs_exactly_one_wins_each(file):
    proofs = table(file)
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda each: (each, proofs.remember(proof(each), NOW)), IDENTIFIERS * 8))
    assert Counter(each for each, accepted in won if accepted) == Counter(IDENTIFIERS)
