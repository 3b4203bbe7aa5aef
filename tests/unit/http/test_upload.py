"""How slow a client may be."""

import pytest

from pod.errors import RequestTimeout
from pod.http.upload import Pace

PACE = Pace(idle_seconds_max=30, bytes_per_second_min=1024, grace_seconds=10)


@pytest.mark.parametrize(("received", "waited"), [(0, 10), (1, 9.9), (20 * 1024, 20), (10**9, 60)])
def test_a_steady_client_passes(received: int, waited: float):
    PACE.check(received, waited)


@pytest.mark.parametrize(("received", "waited"), [(0, 10.1), (20 * 1024 - 1, 20), (1, 3600)])
def test_a_client_that_trickles_does_not(received: int, waited: float):
    with pytest.raises(RequestTimeout):
        PACE.check(received, waited)
