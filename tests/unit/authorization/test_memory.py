import threading

from pod.authorization.memory import Memory
from tests.support.waiting import SECONDS_MAX


def test_it_keeps_what_is_asked_for_and_forgets_the_rest():
    memory = Memory(4)
    memory.put("kept", 1)
    for number in range(100):
        memory.put(number, number)
        assert memory.get("kept") == 1
        assert memory.get(number) == number
        assert len(memory) <= 4
    assert memory.get(0) is None


def test_heavy_values_push_out_more():
    memory = Memory(10)
    for number in range(10):
        memory.put(number, number, weight=5)
        assert len(memory) <= 2
    assert memory.get(9) == 9


def test_threads_may_share_it():
    memory = Memory(50)

    def use(start):
        for number in range(start, start + 2000):
            memory.put(number % 97, number % 97)
            assert memory.get(number % 89) in {None, number % 89}

    threads = [threading.Thread(target=use, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS_MAX)
    assert len(memory) <= 100
