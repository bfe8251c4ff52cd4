"""A referral's reference: short, random, speakable and typo-proof, such as ``RJ-7KQ4-M2X1``.

Seven random characters of Crockford's base 32 (no I, L, O, U) and a check character. The check is a weighted sum
over GF(32), so that any one wrong character and any two swapped ones are caught.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKE = str.maketrans("ILO", "110")


def _times_alpha(value: int) -> int:
    # Multiplication by the generator of GF(32) with the primitive polynomial x^5 + x^2 + 1.
    value <<= 1
    return value ^ 0b100101 if value & 0b100000 else value


def _check(values: Iterable[int]) -> int:
    # Horner's scheme: every place has its own weight, never zero.
    total = 0
    for value in values:
        total = _times_alpha(total ^ value)
    return total


def reference_from(number: int) -> str:
    """The reference for a number; only its lowest 35 bits count."""
    values = [(number >> (5 * place)) & 31 for place in range(6, -1, -1)]
    code = "".join(ALPHABET[value] for value in (*values, _check(values)))
    return f"RJ-{code[:4]}-{code[4:]}"


def parse_reference(text: str) -> str:
    """Normalise a reference that a person typed.

    Case, spaces and hyphens do not matter; I, L and O are read as 1, 1 and 0.

    Raises:
        ValueError: it is no reference, or its check character does not fit (a typing mistake).
    """
    code = text.strip().upper().replace(" ", "").replace("-", "")
    code = code.removeprefix("RJ").translate(_LOOK_ALIKE)
    if len(code) != 8 or not set(code) <= set(ALPHABET):
        raise ValueError("not a reference: one looks like RJ-7KQ4-M2X1")
    values = [ALPHABET.index(character) for character in code]
    if _check(values[:7]) != values[7]:
        raise ValueError("mistyped: its last character does not fit the others; please check it")
    return f"RJ-{code[:4]}-{code[4:]}"


Reference = Annotated[
    str, AfterValidator(parse_reference), Field(description="a referral's reference, such as RJ-7KQ4-M2X1")
]
