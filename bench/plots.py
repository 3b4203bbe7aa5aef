"""Figures to pictures: three PNG files that can be read on a phone. The only user of matplotlib and Pillow.

Titles stand above their bars, not beside them: a narrow window has no room there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from bench.figures import NAMES, OURS, THEIRS, Results, Spread, middle, rate_ratio
from bench.gates import GATES
from bench.report import BY_NAME, micros, millis, number

WIDTH_INCHES, ROW_INCHES, MARGIN_INCHES = 6.4, 0.5, 1.1
DOTS_PER_INCH = 100
COLOURS = {OURS: "#0b6e4f", THEIRS: "#b5651d"}
GATE_COLOUR = "#b00020"
BAR_HEIGHT, LANE = 0.36, 0.26
TITLE_ABOVE = 0.42
LEGEND_INCHES = 0.3
SHADES = 24
ROOM_FOR_LABELS = 3

mpl.use("Agg")
mpl.rcParams.update({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False})


def draw(results: Results, directory: Path) -> None:
    """Write the plots that bench/report.py links to."""
    directory.mkdir(exist_ok=True)
    cases = [name for name, pairs in results.runs.items() if _is_finite(rate_ratio(pairs))]
    _ratios(results, cases, directory / "ratios.png")
    _cpu(results, cases, directory / "cpu.png")
    _latency(results, cases, directory / "latency.png")


def _is_finite(spread: Spread | None) -> bool:
    """Whether both servers answered in all pairs: what is infinite is in the tables."""
    return spread is not None and math.isfinite(spread.high)


def _ratios(results: Results, cases: Sequence[str], file: Path) -> None:
    figure, axes = _rows(cases, "requests per second: Freehold / CSS (logarithmic)")
    gates = {gate.case: gate.bound for gate in GATES if gate.case}
    for row, name in enumerate(cases):
        spread = rate_ratio(results.runs[name])
        assert spread is not None, "cases without a ratio are left out"
        axes.barh(row, spread.middle, BAR_HEIGHT, color=COLOURS[OURS])
        axes.plot([spread.low, spread.high], [row, row], color="black", linewidth=1)
        _label(axes, max(spread.middle, spread.high), row, f"{number(spread.middle)}x")
        if name in gates:
            axes.plot([gates[name]] * 2, [row - 0.3, row + 0.3], color=GATE_COLOUR, linewidth=2.5)
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.plot([], [], color=GATE_COLOUR, linewidth=2.5, label="gate")
    axes.plot([], [], color="black", linewidth=1, label="lowest to highest pair")
    _finish(figure, axes, file)


def _cpu(results: Results, cases: Sequence[str], file: Path) -> None:
    figure, axes = _rows(cases, "CPU time of the server for a request (logarithmic)")
    for row, name in enumerate(cases):
        for server, at in _lanes(results, row):
            value = middle(results.runs[name], server, lambda run: run.cpu_us)
            if value is not None:
                axes.barh(at, value, LANE, color=COLOURS[server])
                _label(axes, value, at, micros(value))
    _name_servers(results, axes)
    _finish(figure, axes, file)


def _latency(results: Results, cases: Sequence[str], file: Path) -> None:
    figure, axes = _rows(cases, "milliseconds to the answer: median to 99th percentile (logarithmic)")
    for row, name in enumerate(cases):
        for server, at in _lanes(results, row):
            pairs = results.runs[name]
            p50, p99 = (middle(pairs, server, of) for of in (lambda run: run.p50_ms, lambda run: run.p99_ms))
            if p50 is not None and p99 is not None:
                axes.plot([p50, p99], [at, at], color=COLOURS[server], linewidth=2)
                axes.plot([p50], [at], "o", color=COLOURS[server], markersize=5)
                axes.plot([p99], [at], "|", color=COLOURS[server], markersize=9, markeredgewidth=2)
                _label(axes, p99, at, millis(p99))
    _name_servers(results, axes)
    _finish(figure, axes, file)


def _rows(cases: Sequence[str], what: str) -> tuple[Figure, Axes]:
    """One row a case, its title above it, on a logarithmic scale."""
    figure, axes = plt.subplots(figsize=(WIDTH_INCHES, ROW_INCHES * len(cases) + MARGIN_INCHES))
    axes.set_xscale("log")
    axes.set_ylim(len(cases) - 0.5, -0.9)
    axes.set_yticks([])
    axes.set_xlabel(what)
    for row, name in enumerate(cases):
        axes.text(0, row - TITLE_ABOVE, BY_NAME[name].title, transform=axes.get_yaxis_transform(), va="center")
    return figure, axes


def _lanes(results: Results, row: int) -> list[tuple[str, float]]:
    """Where in a row each server has its bar."""
    return [(server, row + LANE * (number - 0.5)) for number, server in enumerate(results.versions)]


def _label(axes: Axes, x: float, y: float, text: str) -> None:
    behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
    axes.annotate(text, (x, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=9, bbox=behind)


def _name_servers(results: Results, axes: Axes) -> None:
    for server in results.versions:
        axes.plot([], [], color=COLOURS[server], linewidth=5, label=NAMES[server])


def _finish(figure: Figure, axes: Axes, file: Path) -> None:
    low, high = axes.get_xlim()
    axes.set_xlim(low, high * ROOM_FOR_LABELS)
    figure.legend(loc="upper right", frameon=False, ncols=2, fontsize=10)
    figure.tight_layout(rect=(0, 0, 1, 1 - LEGEND_INCHES / figure.get_figheight()))
    pixels = BytesIO()
    figure.savefig(pixels, dpi=DOTS_PER_INCH)
    plt.close(figure)
    Image.open(pixels).convert("RGB").quantize(SHADES).save(file, optimize=True)
