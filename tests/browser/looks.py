"""What can be said of a page by looking at it, wide and narrow, in light and dark: what axe-core finds, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playwright.sync_api import Page

from tests.support.browser import NARROW, WIDE, Visitor

Views = Sequence[tuple[int, str]]
ALL_VIEWS: Views = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
VIEWS: Views = [(WIDE, "light"), (NARROW, "dark")]
"""Each width and each scheme once, which is what makes a difference; both of both are for when there is time."""
AUDIT = """async () => {
    document.getAnimations().forEach((animation) => animation.finish());
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}"""


def flaws(visitor: Visitor, axe: str, keep: Callable[[str], None] | None = None, views: Views = VIEWS) -> list[str]:
    """What is wrong with the page that the visitor sees. `axe` is the script of axe-core; `keep` is told of each view."""
    visitor.page.evaluate(axe)
    found = []
    for width, scheme in views:
        visitor.look(width, scheme)
        wrong = audit(visitor.page) + wider_than_the_screen(visitor.page)
        found += [f"{width} {scheme}: {each}" for each in wrong]
        if keep:
            keep(f"{width}-{scheme}")
    return found


def audit(page: Page) -> list[str]:
    """What axe-core, which the page was given before, finds."""
    return list(page.evaluate(AUDIT))


def wider_than_the_screen(page: Page) -> list[str]:
    sizes = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, screen = page.evaluate(sizes)
    return [f"{content} pixels wide on a screen of {screen}"] if content > screen else []
