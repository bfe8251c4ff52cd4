"""Words that must not appear where others than the reader may see them."""

from __future__ import annotations

import re
import unicodedata

# Somebody who may hurt the reader can see a lock screen, an envelope or a shared inbox. A message that reveals contact
# with such a service, or an offence, can put the reader in danger; so these words are refused.
# Stems are also matched inside longer words, and without their first letter where Welsh mutates it.
_STEMS = (
    *("restorat", "justice", "offence", "offend", "offens", "crimin", "victim", "perpetrat", "probation"),
    *("police", "prison", "custody", "convict", "sentenc", "assault", "burglar", "robber", "homicid"),
    *("murder", "violen", "abuse", "stalk", "sexual", "safeguard", "harmed", "person responsible"),
    *("mediat", "facilitat", "conferenc", "apolog", "remors", "traum", "witness", "suspect", "other party"),
    *("adferol", "yfiawnder", "rosedd", "ioddef", "ramgwydd", "heddlu", "archar", "edfryd", "amdrin"),
    *("niweid", "rhywiol", "llofrudd", "ymosod"),
)
# These occur inside ordinary words (courtesy, grape), so only the whole word is refused.
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
    """The first word in a text that reveals restorative justice or an offence, in English or Welsh, if any."""
    # Accents and invisible characters would hide a word from a search, but not from a reader.
    bare = "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if unicodedata.category(character) not in ("Mn", "Cf")
    )
    found = _FORBIDDEN.search(" ".join(bare.casefold().split()))
    return found[0] if found else None
