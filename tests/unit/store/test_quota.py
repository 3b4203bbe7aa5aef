"""The rule of quotas, as a function of values."""

from __future__ import annotations

import pytest

from pod.errors import QuotaExceeded
from pod.store.quota import Usage, check


@pytest.mark.parametrize(
    ("usage", "bytes_more", "resources_more", "fine"),
    [
        (Usage(10, 10, 1, 1), 1, 1, True),
        (Usage(11, 10, 1, 1), 1, 0, False),
        (Usage(11, 10, 1, 1), 0, 0, True),
        (Usage(11, 10, 1, 1), -1, 0, True),
        (Usage(10, 10, 2, 1), 0, 1, False),
        (Usage(10, 10, 2, 1), 0, -1, True),
        (Usage(10**12, 0, 10**9, 0), 10**12, 1, True),
    ],
)
def test_only_growth_beyond_a_limit_is_refused(usage, bytes_more, resources_more, fine):
    try:
        check(usage, bytes_more=bytes_more, resources_more=resources_more)
    except QuotaExceeded:
        assert not fine
    else:
        assert fine
