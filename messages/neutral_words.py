"""The words that may not stand where others than the reader can see them."""

from __future__ import annotations

import re
import unicodedata

# Somebody who may hurt the reader can see a lock screen, an envelope or a shared inbox. A message that tells that a
# person is in touch with a service of this kind, or of an offence, can put them in danger; so these words are refused.
# Stems are found inside longer words as well, and without their first letter where Welsh changes it.
_STEMS = (
    *("restorat", "justice", "offence", "offend", "offens", "crimin", "victim", "perpetrat", "probation"),
    *("police", "prison", "custody", "convict", "sentenc", "assault", "burglar", "robber", "homicid"),
    *("murder", "violen", "abuse", "stalk", "sexual", "safeguard", "harmed", "person responsible"),
    *("mediat", "facilitat", "conferenc", "apolog", "remors", "traum", "witness", "suspect", "other party"),
    *("adferol", "yfiawnder", "rosedd", "ioddef", "ramgwydd", "heddlu", "archar", "edfryd", "amdrin"),
    *("niweid", "rhywiol", "llofrudd", "ymosod"),
)
# These are ordinary letters inside other words (courtesy, grape), so only the whole word is refused.
_WORDS = (
    *(
        "rj",
        "r j",
        "r.j",
        "restore",
        "court",
        "courts",
        "crime",
        "crimes",
        "theft",
        "fraud",
        "rape",
        "jail",
        "magistrates",
    ),
    *("llys", "llysoedd", "prawf", "brawf", "phrawf", "trais", "drais", "thrais", "lladrad", "twyll"),
)
_FORBIDDEN = re.compile(rf"{'|'.join(_STEMS)}|\b(?:{'|'.join(_WORDS)})\b")


def forbidden_word(text: str) -> str | None:
    """The first part of a text that tells of restorative justice or of an offence, in English or Welsh."""
    # Accents and invisible characters hide a word from a search, not from a reader.
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if unicodedata.category(character) not in ("Mn", "Cf")
    )
    found = _FORBIDDEN.search(" ".join(bare.casefold().split()))
    return found[0] if found else None
