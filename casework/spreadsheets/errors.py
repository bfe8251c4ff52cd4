"""Why a spreadsheet, or a mapping of its headings, cannot be used."""

from __future__ import annotations


class BadSpreadsheet(Exception):
    """A file that cannot be imported as it is. One sentence, which never repeats what stands in a cell."""
