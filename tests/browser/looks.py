"""What can be said of a page by looking at it: what axe-core finds, and whether it fits."""

from __future__ import annotations

from playwright.sync_api import Page

ONLY_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
AUDIT = """async (options) => {
    document.getAnimations().forEach((animation) => animation.finish());
    const { violations } = await axe.run(document, options);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join(" | ")}`);
}"""


def audit(page: Page, scheme: str) -> list[str]:
    """What axe-core, which the page was given before, finds. What is not about colours is the same in light and dark."""
    return list(page.evaluate(AUDIT, {} if scheme == "light" else ONLY_COLOURS))


def wider_than_the_screen(page: Page) -> list[str]:
    sizes = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    content, screen = page.evaluate(sizes)
    return [f"{content} pixels wide on a screen of {screen}"] if content > screen else []
