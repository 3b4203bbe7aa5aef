"""What takes long and shows nothing, made quick for code under test in the process of the tests: the hashing of passwords,
and new RSA keys. Servers in processes of their own do both as they always do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from itertools import count

import pytest
from argon2 import PasswordHasher

from pod.authentication import keys
from pod.authentication.jose import IssuingAlgorithm, PrivateKey

KEYS = 32
"""More than any one test makes."""

_generate = keys._generated


@contextmanager
def keys_of_their_own() -> Iterator[None]:
    """For what many tests copy: none of its keys may come up again as a new one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_generated", _generate)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick() -> Iterator[None]:
    numbers = count()

    @cache
    def held(number: int) -> PrivateKey:
        return _generate("RS256")

    def generated(algorithm: IssuingAlgorithm) -> PrivateKey:
        return held(next(numbers) % KEYS) if algorithm == "RS256" else _generate(algorithm)

    quick = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pod.authentication.credentials.PasswordHasher", quick)
        patch.setattr(keys, "_generated", generated)
        yield
