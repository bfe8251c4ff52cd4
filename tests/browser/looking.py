"""What is asked of every page: that nothing stands in the way of anybody, and that it is well formed."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from html5lib import HTMLParser
from playwright.async_api import Page

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def barriers(page: Page) -> list[str]:
    """What keeps somebody from using the page, by axe: rule, and the first element that breaks it."""
    found = (await Axe().run(page, options=_RULES)).response["violations"]
    return [f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:160]}" for each in found]


def faults(html: str) -> list[str]:
    """Where the page is not well-formed HTML: position and rule."""
    parser = HTMLParser()
    parser.parse(html)
    return [f"{position}: {rule} {told}" for position, rule, told in parser.errors]


async def wider_than_screen(page: Page) -> bool:
    """Whether one has to scroll sideways."""
    wider: bool = await page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wider
