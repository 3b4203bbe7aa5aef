"""`python -m bench.sockets`: what it costs that thousands wait for notifications and nothing happens.

Memory: how much the stream process grows with each idle WebSocket and each idle event stream, once all have been sent a
sign of life. CPU: GETs of a public document on a server on which they wait, beside one on which nobody does, in
interleaved pairs. Each gate is printed with its figure. A whole run (at least seven pairs) writes
bench/results/sockets.json; exit status 1 with `--gates` if one does not hold.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pod
from bench.__main__ import RESULTS, ROOT, end, ensure_wrk, keep_to_one_core, machine
from bench.cases import CASES
from bench.channels import subscribe_often
from bench.held import HeldError, held
from bench.load import LoadError
from bench.pairs import Lane, Plan, await_idle, home_of, lane, one_run, prepare, say
from bench.servers import WORKSPACE, Target, own_core
from bench.tokens import RefusedError, Session
from pod.config import KIB, Config
from tests.support.processes import cpu_seconds, pss_bytes, tree
from tests.support.server import ALICE, ServerError, running_server

SOCKETS = RESULTS.with_name("sockets.json")
BYTES_MAX = 25 * KIB
CPU_RATIO_MAX = 1.10
WHOLE_PAIRS_MIN = 7
WARM_UP = 20
"""Connections that come and go first, so that what is loaded and made once is not counted."""
IDLE_SECONDS = 1.25 * Config().stream_idle_seconds
"""In this time each connection is sent a sign of life."""
TOPIC = "public/"
KINDS = {"WebSocketChannel2023": "idle WebSockets", "EventSourceChannel2023": "idle event streams"}
(PUBLIC_GET,) = (case for case in CASES if case.name == "public-get")


@dataclass(frozen=True, slots=True)
class Memory:
    """Of the stream process, in bytes a connection; and the share of a core it used while all were idle."""

    each: dict[str, float]
    all: float
    idle_core: float


@dataclass(frozen=True, slots=True)
class Results:
    """bench/results/sockets.json. `cpu_us`: of each pair, with those who wait and without."""

    date: str
    machine: str
    version: str
    settings: dict[str, int]
    memory: Memory
    cpu_us: list[tuple[float, float]]

    @property
    def ratio(self) -> float:
        return median(waited / alone for waited, alone in self.cpu_us)


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, end)
    try:
        results = measure(arguments.each, Plan(arguments.pairs, arguments.seconds, arguments.connections))
    except (HeldError, LoadError, RefusedError, ServerError) as error:
        sys.exit(f"bench: {error}")
    for line in gates(results):
        print(line)
    if arguments.pairs >= WHOLE_PAIRS_MIN:
        SOCKETS.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")
        say(f"published {SOCKETS.relative_to(ROOT)}")
    if arguments.gates and not has_held(results):
        sys.exit("bench: a gate does not hold")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    parser.add_argument("--each", type=int, default=2_000, help="connections of each kind")
    parser.add_argument("--pairs", type=int, default=7, help="interleaved pairs of runs (1: a quick look)")
    parser.add_argument("--seconds", type=int, default=3, help="length of a run")
    parser.add_argument("--connections", type=int, default=8, help="of those who GET")
    parser.add_argument("--gates", action="store_true", help="exit with status 1 if a gate does not hold")
    return parser.parse_args()


def measure(each: int, plan: Plan) -> Results:
    WORKSPACE.mkdir(exist_ok=True)
    ensure_wrk()
    with ExitStack() as running:
        waited, alone = (Session(running.enter_context(_server(running, each))) for _ in range(2))
        keep_to_one_core()
        for session in (waited, alone):
            prepare(PUBLIC_GET.place, session)
        memory = _memory(running, waited, each)
        lanes = lane(PUBLIC_GET, waited), lane(PUBLIC_GET, alone)
        cpu = [_pair(number, *lanes, plan) for number in range(1 + plan.pairs)][1:]  # the first only warms up
    settings = {"each": each, "pairs": plan.pairs, "seconds": plan.seconds, "connections": plan.connections}
    return Results(f"{datetime.now(UTC):%Y-%m-%d}", machine(), pod.__version__, settings, memory, cpu)


@contextmanager
def _server(running: ExitStack, each: int) -> Iterator[Target]:
    """Freehold with its defaults, but for how many channels one may have: everybody comes from one address here."""
    directory = Path(running.enter_context(tempfile.TemporaryDirectory(dir=WORKSPACE)))
    room = str(2 * len(KINDS) * (each + WARM_UP))
    settings = {"FREEHOLD_CHANNELS_PER_AGENT_MAX": room, "FREEHOLD_CHANNELS_PER_TOPIC_MAX": room}
    with running_server([ALICE], directory=directory, prefix=own_core(), environment=settings) as server:
        client = ALICE.clients[0]
        yield Target(
            *("freehold", pod.__version__, server.pid, server.log, server.base_url),
            *(server.pod(ALICE.name), server.web_id(ALICE.name), client.id, client.secret),
            *(server.command, server.environment),
        )


# -- memory ------------------------------------------------------------------------------------------------------------


def _memory(running: ExitStack, session: Session, each: int) -> Memory:
    """Connects all, who stay for as long as `running`."""
    topic = home_of(session, PUBLIC_GET.place)
    with held([url for kind in KINDS for url in subscribe_often(session, topic, kind, WARM_UP)]):
        pass
    urls = {kind: subscribe_often(session, topic, kind, each) for kind in KINDS}
    process = _stream_process(session.target.pid)
    before = sizes = _settled(process, session)
    grown = {}
    for kind, some in urls.items():
        running.enter_context(held(some))
        after = _settled(process, session)
        grown[kind] = (after - sizes) / each
        sizes = after
        say(f"mem  {each} {KINDS[kind]}: {grown[kind] / KIB:.1f} KiB each")
    used = cpu_seconds(process)
    time.sleep(IDLE_SECONDS)
    core = (cpu_seconds(process) - used) / IDLE_SECONDS
    return Memory(grown, (pss_bytes(process) - before) / (each * len(KINDS)), core)


def _settled(process: int, session: Session) -> int:
    await_idle([session.target.pid])
    return pss_bytes(process)


def _stream_process(server: int) -> int:
    """The child that runs `freehold stream`. Raises: HeldError"""
    for pid in tree(server):
        if b"main\0stream\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise HeldError("there is no stream process")


# -- CPU ---------------------------------------------------------------------------------------------------------------


def _pair(number: int, waited: Lane, alone: Lane, plan: Plan) -> tuple[float, float]:
    """CPU for each GET, in microseconds."""
    found = {}
    for each in (waited, alone)[:: 1 if number % 2 else -1]:
        await_idle([waited.target.pid, alone.target.pid])
        found[each.target.base_url] = one_run(number, each, plan).cpu_us or 0.0
    return found[waited.target.base_url], found[alone.target.base_url]


# -- what came of it ---------------------------------------------------------------------------------------------------


def has_held(results: Results) -> bool:
    figures = (*results.memory.each.values(), results.memory.all)
    return max(figures) <= BYTES_MAX and results.ratio <= CPU_RATIO_MAX


def gates(results: Results) -> list[str]:
    each, memory = results.settings["each"], results.memory
    lines = [
        _line(f"{each} {name}", memory.each[kind] / KIB, BYTES_MAX / KIB, "KiB each") for kind, name in KINDS.items()
    ]
    lines.append(_line("all of them, after a sign of life", memory.all / KIB, BYTES_MAX / KIB, "KiB each"))
    lines.append(_line("CPU of a public GET beside them", results.ratio, CPU_RATIO_MAX, "x"))
    return [*lines, f"no gate  the stream process while nothing happens: {memory.idle_core:.1%} of a core"]


def _line(what: str, figure: float, most: float, unit: str) -> str:
    verdict = "held    " if figure <= most else "NOT HELD"
    return f"{verdict} {what}: {figure:.2f} {unit}, at most {most:.2f}"


if __name__ == "__main__":
    main()
