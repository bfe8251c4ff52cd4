"""What is asked of every page: that nothing stands in the way of anybody, and that it is well formed."""

from __future__ import annotations

from collections.abc import Mapping

from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from html5lib import HTMLParser
from playwright.async_api import Page

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
_CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}

NOTE_SHIFTS = """
window.shifted = 0;
new PerformanceObserver(list => { for (const each of list.getEntries()) window.shifted += each.value; })
    .observe({type: "layout-shift", buffered: true});
"""
"""Run before the scripts of a page: adds up in `window.shifted` what moves on it by itself."""


async def barriers(page: Page) -> list[str]:
    """What keeps somebody from using the page, by axe: rule, and the first element that breaks it."""
    return await _found(page, _RULES)


async def contrast(page: Page) -> list[str]:
    """What somebody may not be able to read, by axe: quicker than all rules, where only colours have changed."""
    return await _found(page, _CONTRAST)


async def _found(page: Page, rules: Mapping[str, object]) -> list[str]:
    found = (await Axe().run(page, options=rules)).response["violations"]
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


async def cut_off(page: Page, percent: int) -> list[str]:
    """What is cut off, or leads to scrolling sideways, where all text is larger: the beginning of each such element.

    A box that scrolls by itself, such as a wide table, is no loss.
    """
    found: list[str] = await page.evaluate(
        """percent => {
            const root = document.documentElement;
            root.style.fontSize = `${percent}%`;
            const hides = each => {
                const style = getComputedStyle(each);
                const shown = style.visibility !== "hidden" && each.clientWidth > 1 && each.clientHeight > 1;
                return shown && /hidden|clip/.test(style.overflow)
                    && (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1);
            };
            const hidden = [...document.body.querySelectorAll("*")].filter(hides);
            const found = hidden.map(each => each.outerHTML.slice(0, 120));
            if (root.scrollWidth > root.clientWidth) found.push("the whole page is wider than the window");
            root.style.fontSize = "";
            return found;
        }""",
        percent,
    )
    return found


async def shifted(page: Page) -> float:
    """How much moved on the page by itself while it was loaded, where NOTE_SHIFTS looked; by Chromium's measure."""
    moved: float = await page.evaluate(
        "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(window.shifted || 0))))"
    )
    return moved
