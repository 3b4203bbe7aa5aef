"""What can be said of a page by looking at it, wide and narrow, in light and dark: what axe-core finds, and whether it fits."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.support.browser import NARROW, WIDE, Visitor

VIEWS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]
ONLY_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
AUDIT = """async (options) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}"""


def flaws(visitor: Visitor, axe: str, keep: Callable[[str], None] | None = None) -> list[str]:
    """What is wrong with the page that the visitor sees. `axe` is the script of axe-core; `keep` is told of each view."""
    visitor.page.evaluate(axe)
    found = []
    for width, scheme in VIEWS:
        visitor.look(width, scheme)
        wrong = audit(visitor.page, scheme) + wider_than_the_screen(visitor.page)
        found += [f"{width} {scheme}: {each}" for each in wrong]
        if keep:
            keep(f"{width}-{scheme}")
    return found


def audit(page: Page, scheme: str) -> list[str]:
    """What axe-core, which the page was given before, finds. What is not about colours is the same in light and dark."""
    return list(page.evaluate(AUDIT, {} if scheme == "light" else ONLY_COLOURS))


def wider_than_the_screen(page: Page) -> list[str]:
    sizes = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, screen = page.evaluate(sizes)
    return [f"{content} pixels wide on a screen of {screen}"] if content > screen else []
