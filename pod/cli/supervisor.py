"""Keeps the processes of one machine running: starts them, starts them again when they die, ends them together.

Standard library only, because this process stays for as long as the server does and should cost next to nothing. Must
not know what its children do.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

STOPPING = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
WATCHED = {*STOPPING, signal.SIGCHLD}
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 2.0
STEADY_SECONDS = 2.0
"""Having lived this long, a child is started again at once."""
DRAIN_SECONDS = 10.0
MISCONFIGURED = os.EX_CONFIG
"""Exit code of a child that no second start will help."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running."""

    name: str
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Child:
    """A program and what became of it. `pid` is 0 while it waits to be started again."""

    program: Program
    pid: int = 0
    started: float = 0.0
    failures: int = 0
    due: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Runs until told to stop, or until a child says that its settings are wrong.

    `ready` is asked now and then until it is true; `announce` is called once then.
    """

    programs: Sequence[Program]
    say: Say
    ready: Callable[[], bool] = lambda: True
    announce: Callable[[], None] = lambda: None
    _children: list[Child] = field(default_factory=list)
    _announced: bool = False

    def run(self) -> int:
        """The exit code of this process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
        self._children = [Child(program) for program in self.programs]
        while True:
            self._start_due()
            caught = signal.sigtimedwait(WATCHED, self._patience())
            if caught is not None and caught.si_signo in STOPPING:
                return self._drain()
            if MISCONFIGURED in self._reap():
                return self._drain() or MISCONFIGURED
            self._look_ready()

    def _start_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if not child.pid and child.due <= now:
                child.pid = spawn(child.program.arguments)
                child.started = now

    def _patience(self) -> float:
        """Seconds until something has to be done without being asked."""
        if not self._announced:
            return 0.02
        dues = [child.due for child in self._children if not child.pid]
        return max(0.0, min(dues) - time.monotonic()) if dues else 3600.0

    def _look_ready(self) -> None:
        if not self._announced and self.ready():
            self._announced = True
            self.announce()

    def _reap(self) -> list[int]:
        """The exit codes of the children that ended by themselves; each is due again after a pause."""
        codes = []
        while (ended := _ended()) is not None:
            pid, code = ended
            child = next((child for child in self._children if child.pid == pid), None)
            if child is not None:
                codes.append(code)
                self._retire(child, code)
        return codes

    def _retire(self, child: Child, code: int) -> None:
        now = time.monotonic()
        steady = now - child.started >= STEADY_SECONDS
        pause = backoff_seconds(child.failures)
        child.failures = 1 if steady else child.failures + 1
        child.pid, child.due = 0, now + (BACKOFF_SECONDS_FIRST if steady else pause)
        if code != MISCONFIGURED:
            self.say(f"{child.program.name} ended unexpectedly ({describe(code)}); starting it again")

    def _drain(self) -> int:
        """Asks every child to finish its work; who takes too long, or is asked twice, is killed."""
        self._tell(signal.SIGTERM)
        deadline = time.monotonic() + DRAIN_SECONDS
        while any(child.pid for child in self._children):
            caught = signal.sigtimedwait(WATCHED, max(0.0, deadline - time.monotonic()))
            if caught is None or caught.si_signo in STOPPING:
                self._tell(signal.SIGKILL)
                deadline = time.monotonic() + DRAIN_SECONDS
            self._forget_ended()
        return 0

    def _forget_ended(self) -> None:
        while (ended := _ended()) is not None:
            for child in self._children:
                child.pid = 0 if child.pid == ended[0] else child.pid

    def _tell(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)


def spawn(arguments: tuple[str, ...]) -> int:
    """The process id of a new child: nothing blocked, in a group of its own so that Ctrl-C reaches only us."""
    return os.posix_spawn(sys.executable, arguments, os.environ, setsigmask=(), setpgroup=0)


def backoff_seconds(failures: int) -> float:
    return float(min(BACKOFF_SECONDS_FIRST * 2**failures, BACKOFF_SECONDS_MAX))


def describe(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _ended() -> tuple[int, int] | None:
    """Process id and exit code of a child that ended; negative for a signal. None when there is none."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None
