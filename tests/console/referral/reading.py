"""What a page says, as somebody reads it."""

from __future__ import annotations

import html
import re


def said(page: str) -> str:
    """The words of a page's main part, without its marks and with single spaces."""
    main = page.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    words = re.sub(r"<[^>]+>", " ", main)
    return re.sub(r"\s+", " ", html.unescape(words)).strip()


def title(page: str) -> str:
    """The title of a page."""
    return html.unescape(page.partition("<title>")[2].partition("</title>")[0])


def links(page: str) -> list[str]:
    """Every address that the page leads to."""
    return [html.unescape(each) for each in re.findall(r'href="([^"]+)"', page)]


def section(page: str, heading: str) -> str:
    """The words of the section below a heading, up to the next section."""
    found = re.search(rf'<section[^>]*aria-labelledby="{heading}".*?</section>', page, re.DOTALL)
    return said(f"<main>{found[0]}</main>") if found else ""
