"""The normal form of what is known about people, and what has none."""

from __future__ import annotations

import pytest

from lifecycle.people.normal_forms import (
    Unusable,
    email_address,
    has_postcode,
    persons_name,
    phone_number,
    postal_address,
    takes_texts,
    words_of_one_line,
)

BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u180e\u200b\u2060\u2061\u2800\u3164\ufe0f\ufeff\uffa0\U000e0041\U000e0101"
)
CONTROL = "\x00\t\n\r\x07\x1b\x7f\x85\u2028\u2029"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("07700 900123", "+447700900123"),
        ("07700900123", "+447700900123"),
        ("(07700) 900-123", "+447700900123"),
        ("07700\u2013900123", "+447700900123"),
        ("07700\u00a0900\u00a0123", "+447700900123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("0044 7700 900123", "+447700900123"),
        ("+447700900123", "+447700900123"),
        ("0191 498 0123", "+441914980123"),
        ("+48 512 345 678", "+48512345678"),
        ("0048 512 345 678", "+48512345678"),
        ("+353 1 234 5678", "+35312345678"),
        ("0300 123 1212", "+443001231212"),
    ],
)
def test_a_telephone_number_is_kept_as_e164(written: str, kept: str) -> None:
    assert phone_number(written) == kept
    assert phone_number(kept) == kept


# Source: Ofcom, telephone numbers for use in TV and radio drama programmes.
DRAMA = [
    *("0113 496 0", "0114 496 0", "0115 496 0", "0116 496 0", "0117 496 0", "0118 496 0", "0121 496 0"),
    *("0131 496 0", "0141 496 0", "0151 496 0", "0161 496 0", "020 7946 0", "0191 498 0", "028 9649 6"),
    *("029 2018 0", "01632 960", "07700 900", "08081 570", "03069 990"),
]


@pytest.mark.parametrize("beginning", DRAMA)
@pytest.mark.parametrize("end", ["000", "999"])
def test_numbers_kept_free_for_drama_are_accepted(beginning: str, end: str) -> None:
    number = phone_number(f"{beginning}{end}")
    assert number == f"+44{beginning.replace(' ', '')[1:]}{end}"
    assert takes_texts(number) is beginning.startswith("07700")


@pytest.mark.parametrize(
    "written",
    [
        *("banana", "0", "999", "112", "101", "116123", "61016", "", "+", "+44", "07700 90012", "07700 9001234"),
        *("4.477E+11", "4.47701E+11", "447.7", "0909 879 0123", "0898 123 4567", "0843 123 4567", "0871 123 4567"),
        *("07700 900123 ext. 4", "07700 900123 or 07700 900124", "07700 900123;07700 900124", "tel:07700900123"),
        *("0800 FLOWERS", "07700 900123\nBcc: x@example.org", "٠٧٧٠٠٩٠٠١٢٣", "01632 961000", "07701 90000"),
        *("+870 773 111 632", "+881 612 345 678", "+979 123 456 789"),
    ],
)  # fmt: skip
def test_what_cannot_be_rung_is_no_telephone_number(written: str) -> None:
    with pytest.raises(Unusable):
        phone_number(written)


@pytest.mark.parametrize(
    ("written", "yes"),
    [
        ("07700 900123", True),
        ("07911 123456", True),
        ("070 1234 5678", True),
        ("+48 512 345 678", True),
        ("+1 212 555 0123", True),
        ("020 7946 0018", False),
        ("01632 960123", False),
        ("0300 123 1212", False),
        ("+48 22 123 45 67", False),
    ],
)
def test_only_some_numbers_take_texts(written: str, yes: bool) -> None:
    assert takes_texts(phone_number(written)) is yes


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        ("Ada@EXAMPLE.org", "Ada@example.org"),
        ("o'neil+rj@mail.example.co.uk", "o'neil+rj@mail.example.co.uk"),
        ("jo\u0308rg@example.org", "j\u00f6rg@example.org"),
    ],
)
def test_an_email_address_is_kept_in_its_normal_form(written: str, kept: str) -> None:
    assert email_address(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        *("x@", "a@b", "@example.org", "example.org", "", "a@example..org", "a@@example.org", "a@localhost"),
        *("a@example.org, b@example.org", "a@example.org;b@example.org", "a@example.org b@example.org"),
        *("Ada <ada@example.org>", "<ada@example.org>", "mailto:ada@example.org", "a@[127.0.0.1]"),
        *("a@example.org\nBcc: b@example.org", "a\r\nBcc:b@example.org", '"a b"@example.org', "a@x.invalid"),
        "\u202eada@example.org",
    ],
)
def test_what_is_not_one_email_address_is_none(written: str) -> None:
    with pytest.raises(Unusable):
        email_address(written)


@pytest.mark.parametrize(
    ("written", "kept", "postcode"),
    [
        ("1 Nowhere Street, Durham, dh1 3hp", "1 Nowhere Street, Durham, DH1 3HP", True),
        ("1 Nowhere Street\r\nDurham\r\nDH13HP", "1 Nowhere Street\nDurham\nDH1 3HP", True),
        ("1 Nowhere Street, London sw1a1aa, England", "1 Nowhere Street, London SW1A 1AA, England", True),
        ("Pte Invented, BFPO57", "Pte Invented, BFPO 57", True),
        ("Flat B1 2nd floor, Nowhere", "Flat B1 2nd floor, Nowhere", False),
        ("1 Nowhere Street, Nowhere, ZZ9 9ZZ", "1 Nowhere Street, Nowhere, ZZ9 9ZZ", False),
        ("1 Nowhere Street, Nowhere, QX1 1AA", "1 Nowhere Street, Nowhere, QX1 1AA", False),
        ("ul. Niczyja 1, 00-001 Warszawa", "ul. Niczyja 1, 00-001 Warszawa", False),
        ("Under the bridge", "Under the bridge", False),
    ],
)
def test_an_address_is_kept_with_its_postcode_in_capitals(written: str, kept: str, postcode: bool) -> None:
    assert postal_address(written) == kept
    assert has_postcode(kept) is postcode


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Llŷr ap Siôn", "Llŷr ap Siôn"),
        ("Łukasz Żółkiewski-Ścibor", "Łukasz Żółkiewski-Ścibor"),
        ("محمد عبد الله", "محمد عبد الله"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # noqa: RUF001
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("王小明", "王小明"),
        ("Cher", "Cher"),
        ("X", "X"),
        ("Siobhán O’Neill", "Siobhán O’Neill"),  # noqa: RUF001
        ("Zoe\u0308  van   Dijk", "Zoë van Dijk"),
        ("Ada\u00a0Lovelace", "Ada Lovelace"),
        ("Henry Ford 2nd (Harry)", "Henry Ford 2nd (Harry)"),
    ],
)
def test_a_name_is_kept_as_it_is_written(written: str, kept: str) -> None:
    assert persons_name(written) == kept


@pytest.mark.parametrize(
    "hidden", [*BIDIRECTIONAL, *INVISIBLE, *CONTROL, "\u200c", "\u200d", "\ue000", "\ud800"]
)
def test_a_name_holds_nothing_that_cannot_be_seen(hidden: str) -> None:
    with pytest.raises(Unusable, match="cannot be seen"):
        persons_name(f"Ada{hidden}Invented")


@pytest.mark.parametrize("hidden", [*BIDIRECTIONAL, *INVISIBLE, "\x00", "\x07", "\x7f"])
def test_an_address_holds_nothing_that_cannot_be_seen(hidden: str) -> None:
    with pytest.raises(Unusable, match="cannot be seen"):
        postal_address(f"1 Nowhere{hidden}Street")


@pytest.mark.parametrize("blank", ["", " ", "\u00a0 \u00a0", "...", "42", "\u3164", "\u2800"])
def test_a_name_has_a_letter(blank: str) -> None:
    with pytest.raises(Unusable):
        persons_name(blank)


@pytest.mark.parametrize("wrong", ["", " ", "42", "\u202ehsilgnE", "Eng\u200blish", "English\x07", "\u3164"])
def test_a_language_is_in_words_that_can_be_seen(wrong: str) -> None:
    assert words_of_one_line("  British  Sign Language") == "British Sign Language"
    with pytest.raises(Unusable):
        words_of_one_line(wrong)
