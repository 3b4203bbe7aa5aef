import threading

import pytest

from pod.clock import Deadline
from pod.remote.errors import RemoteTimeout
from pod.remote.names import LOOKUPS_MAX, Names


def test_where_the_system_has_no_thread_a_look_up_fails_and_no_place_is_lost(monkeypatch):
    def exhausted(_thread):
        raise RuntimeError("can't start new thread")

    names = Names(lambda _host, _port: ["192.0.2.1"])
    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", exhausted)
        for _ in range(2 * LOOKUPS_MAX):
            with pytest.raises(RemoteTimeout, match="too many threads"):
                names.addresses("pods.example", 443, Deadline(60))
    assert names.addresses("pods.example", 443, Deadline(60)) == ["192.0.2.1"]
