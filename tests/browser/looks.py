"""What can be said of a page by looking at it, wide and narrow, in light and dark: what axe-core finds, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playwright.sync_api import Page

from tests.support.browser import HEIGHTS, NARROW, WIDE, Visitor

Views = Sequence[tuple[int, str]]
ALL_VIEWS: Views = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
VIEWS: Views = [(WIDE, "light"), (NARROW, "dark")]
"""Each width and each scheme once, which is what makes a difference; both of both are for when there is time."""
UNROLLED_MAX = 8_000
CHANGING = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""Rules of axe-core whose answer depends on the width or the scheme: all others are asked once, where time is short."""
AUDIT = """async (rules) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const { violations } = await axe.run(document, rules.length ? { runOnly: rules } : {});
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}"""


def flaws(visitor: Visitor, axe: str, keep: Callable[[str], None] | None = None, views: Views = VIEWS) -> list[str]:
    """What is wrong with the page that the visitor sees. `axe` is the script of axe-core; `keep` is told of each view."""
    visitor.page.evaluate(axe)
    found = []
    for number, (width, scheme) in enumerate(views):
        visitor.look(width, scheme)
        unroll(visitor.page, width)
        again = number > 0 and views is VIEWS
        wrong = audit(visitor.page, CHANGING if again else ()) + wider_than_the_screen(visitor.page)
        found += [f"{width} {scheme}: {each}" for each in wrong]
        if keep:
            keep(f"{width}-{scheme}")
    return found


def unroll(page: Page, width: int) -> None:
    """As tall as the page, so that what stands at the foot of a small screen covers nothing that can be scrolled."""
    height = page.evaluate("document.documentElement.scrollHeight")
    if width == NARROW and height <= UNROLLED_MAX:
        page.set_viewport_size({"width": width, "height": max(height, HEIGHTS[width])})


def audit(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """What axe-core, which the page was given before, finds by these of its rules, or by all."""
    return list(page.evaluate(AUDIT, list(rules)))


def wider_than_the_screen(page: Page) -> list[str]:
    sizes = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, screen = page.evaluate(sizes)
    return [f"{content} pixels wide on a screen of {screen}"] if content > screen else []


STILL = """() => new Promise((resolve) => {
  let moved = 0;
  new PerformanceObserver((seen) => {
    for (const each of seen.getEntries()) moved += each.hadRecentInput ? 0 : each.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(moved), 100);
})"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((each) => each.initiatorType !== "img")
  .reduce((sum, each) => sum + each.encodedBodySize, 0)"""
SHIFT_MAX = 0.01
"""Of the screen, times how far; people notice a tenth."""
BYTES_MAX = 100_000


def restless(page: Page, shift_max: float = SHIFT_MAX) -> list[str]:
    """What moved while the page came, and what it weighs without pictures, if that is too much."""
    moved, weight = page.evaluate(STILL), page.evaluate(WEIGHT)
    return [f"moved by {moved}"] * (moved > shift_max) + [f"weighs {weight} bytes"] * (weight > BYTES_MAX)
