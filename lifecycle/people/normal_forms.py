"""The normal form of a telephone number, an e-mail address, a postal address, a name and other words, and what is none.

No sentence about what cannot be used repeats it.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

EARLIEST_BIRTHDAY = date(1900, 1, 1)

# Numbers that Ofcom keeps free for drama, as E.164; libphonenumber takes some of them for invalid. Its premium-rate
# range is left out. Source: Ofcom, telephone numbers for use in TV and radio drama programmes.
_DRAMA_MOBILE = re.compile(r"\+447700900\d{3}")
_DRAMA = re.compile(
    r"\+44(?:7700900|1632960|11[3-8]4960|1[2-6]14960|1914980|2079460|2896496|2920180|8081570|3069990)\d{3}"
)
# What people write between the digits of a telephone number, and a plus before them.
_PHONE = re.compile(r"\+?[0-9 ()./-]+")
_DASHES_AND_SPACES = str.maketrans(
    {"\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u00a0": " "}
)

# A postcode at the end of a line or part, or a number of British Forces Post Office.
# Source: Royal Mail, Programmers' guide to the Postcode Address File.
_POSTCODE = re.compile(
    r"(?<![A-Za-z0-9])"
    r"(?:(?P<outward>GIR|[A-PR-UWYZ](?:\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d{1,2}|[A-HK-Y]\d[ABEHMNPRV-Y]))"
    r"[ \t]*(?P<inward>\d[ABD-HJLNP-UW-Z]{2})|BFPO[ \t]*(?P<forces>\d{1,4}))"
    r"(?=[ \t.]*(?:$|[,\n]))",
    re.IGNORECASE,
)

# Joins and parts letters in Persian, Urdu and the scripts of India; in other scripts it only hides.
_JOINERS = "\u200c\u200d"
_JOINED = ("ARABIC", "BENGALI", "DEVANAGARI", "GUJARATI", "GURMUKHI", "KANNADA", "MALAYALAM", "ORIYA", "SINHALA",
           "SYRIAC", "TAMIL", "TELUGU")  # fmt: skip
# Not of a category that is invisible, and invisible.
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"

_WRITE_A_NOTE = "What cannot be checked can be written into contact_note"


class Unusable(ValueError):
    """A detail cannot be used: what is wrong and what is accepted, as a sentence without its full stop.

    It never repeats the detail.
    """


def phone_number(written: str) -> str:
    """A telephone number as E.164, such as +447700900123. Without a country it is of the United Kingdom.

    Raises:
        Unusable: it cannot be rung, it costs extra, or something else stands beside it.
    """
    import phonenumbers
    from phonenumbers import PhoneNumberFormat, PhoneNumberType

    wrong = Unusable(
        "it is no telephone number that can be rung; accepted: one number without an extension, such as "
        f"07700 900123 or +48 512 345 678. {_WRITE_A_NOTE}"
    )
    digits = written.translate(_DASHES_AND_SPACES)
    if not _PHONE.fullmatch(digits):
        raise wrong
    try:
        parsed = phonenumbers.parse(digits, "GB")
    except phonenumbers.NumberParseException:
        raise wrong from None
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if _DRAMA.fullmatch(number):
        return number
    if not phonenumbers.is_valid_number(parsed):
        raise wrong
    kind = phonenumbers.number_type(parsed)
    # Of no country: satellites, and premium rates across borders. Only their freephone numbers cost nothing extra.
    abroad = phonenumbers.region_code_for_number(parsed) == "001" and kind != PhoneNumberType.TOLL_FREE
    if abroad or kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST):
        raise Unusable(
            "it is a number that costs whoever rings it extra; accepted: a landline, a mobile, or any other number "
            f"at ordinary cost. {_WRITE_A_NOTE}"
        )
    return number


def takes_texts(number: str) -> bool:
    """Whether texts can be sent to that number, in E.164."""
    import phonenumbers
    from phonenumbers import PhoneNumberType

    if _DRAMA.fullmatch(number):
        return _DRAMA_MOBILE.fullmatch(number) is not None
    return phonenumbers.number_type(phonenumbers.parse(number, None)) in (
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PERSONAL_NUMBER,
    )


def email_address(written: str) -> str:
    """One e-mail address in its normal form. No network is asked whether it exists.

    Raises:
        Unusable: it is not exactly one address without a name beside it.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        return validate_email(written, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Unusable(
            f"it must be one e-mail address without a name beside it, such as ada@example.org. {_WRITE_A_NOTE}"
        ) from None


def postal_address(written: str) -> str:
    """A postal address in Unicode's form NFC, with its postcode, where it has one, in capitals: DH1 3HP.

    Raises:
        Unusable: it is blank, or has characters that nobody can see.
    """
    address = "\n".join(
        visible_text(line, "an address") if line.strip() else "" for line in written.splitlines()
    )
    if not address.strip():
        raise Unusable("it is blank; leave it out where it is not known")
    found = _postcode(address)
    return (
        address
        if found is None
        else f"{address[: found.start()]}{_in_capitals(found)}{address[found.end() :]}"
    )


def has_postcode(address: str) -> bool:
    """Whether a letter could be addressed to it: it has a UK postcode or a number of British Forces Post Office."""
    return _postcode(address) is not None


def _postcode(address: str) -> re.Match[str] | None:
    found = list(_POSTCODE.finditer(address))
    return found[-1] if found else None


def _in_capitals(found: re.Match[str]) -> str:
    if found["forces"]:
        return f"BFPO {found['forces']}"
    return f"{found['outward']} {found['inward']}".upper()


def persons_name(written: str) -> str:
    """A name in Unicode's form NFC, with single spaces.

    Raises:
        Unusable: it has no letter, or has characters that nobody can see.
    """
    name = visible_text(written, "a name")
    if not any(unicodedata.category(character).startswith("L") for character in name):
        raise Unusable("it has no letter; accepted: a name as the person writes it, one word or more")
    return name


def words_of_one_line(written: str) -> str:
    """A word or several, such as a language or the name of a prison, in Unicode's form NFC, with single spaces.

    Raises:
        Unusable: it has no letter, or has characters that nobody can see.
    """
    words = visible_text(written, "it")
    if not any(unicodedata.category(character).startswith("L") for character in words):
        raise Unusable("it has no letter; leave it out where it is not known")
    return words


def visible_text(written: str, what: str) -> str:
    """One line in Unicode's form NFC, with single spaces.

    Args:
        what: it is, for the sentence: a name.

    Raises:
        Unusable: it has a character that is invisible, controls the text or turns its direction.
    """
    text = re.sub(" +", " ", unicodedata.normalize("NFC", written).replace("\u00a0", " ")).strip(" ")
    if any(_is_hidden(text, at) for at in range(len(text))):
        raise Unusable(
            "it has characters that cannot be seen: control characters, blanks of no width, or marks that turn the "
            f"direction of the text; type {what} anew instead of pasting it"
        )
    return text


def _is_hidden(text: str, at: int) -> bool:
    character = text[at]
    if character == " ":
        return False
    if character in _JOINERS:
        return not 0 < at < len(text) - 1 or not _is_joined(text[at - 1])
    # Separators and all that is control, format, private or unassigned; a variation selector is a mark that hides.
    hidden = unicodedata.category(character)[0] in "CZ" or character in _BLANKS
    return hidden or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_joined(character: str) -> bool:
    return unicodedata.name(character, "").startswith(_JOINED)


def birthday(written: str, today: date) -> str:
    """A birthday, as it is.

    Raises:
        Unusable: nobody who takes part can have been born then.
    """
    if not EARLIEST_BIRTHDAY <= date.fromisoformat(written) <= today:
        raise Unusable(f"it must lie between {EARLIEST_BIRTHDAY} and today")
    return written
