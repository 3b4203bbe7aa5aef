"""Fuzzing that follows coverage, where `atheris` is installed: `python -m tests.fuzz.guided TARGET --runs 10000 --seed 1`.

A process of its own: libFuzzer takes it over and ends it. Our Python is instrumented, compiled libraries are not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # it has no stubs

with atheris.instrument_imports(include=["pod.rdf", "pod.protocol", "pod.authentication", "pod.notifications"]):
    from tests.fuzz.running import Failure, tried
    from tests.fuzz.targets import TARGETS

from tests.fuzz.mutate import BYTES_MAX, CHARACTERS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.guided", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    target = TARGETS[chosen.target]

    def one_input(data: bytes) -> None:
        what, _ = tried(target, data)
        if what is not None:
            sys.stdout.write(f"FOUND {Failure(target.name, data, what)}\n")
            sys.stdout.flush()
            raise RuntimeError(what)

    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder) / "corpus", target.seeds)
        words = Path(folder) / "words"
        words.write_text("\n".join(map(_quoted, (*target.words, *CHARACTERS))), encoding="ascii")
        limits = [f"-runs={chosen.runs}", f"-max_total_time={chosen.seconds}", f"-seed={chosen.seed}"]
        limits += [f"-max_len={BYTES_MAX}", "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={folder}/"]
        atheris.Setup([sys.argv[0], *limits, f"-dict={words}", f"{folder}/corpus"], one_input)
        atheris.Fuzz()


def _write(folder: Path, seeds: tuple[bytes, ...]) -> None:
    folder.mkdir()
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)


def _quoted(word: bytes) -> str:
    """As libFuzzer has words in a dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


if __name__ == "__main__":
    main()
