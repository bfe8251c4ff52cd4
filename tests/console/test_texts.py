"""The catalogue of texts: the same in each language, safe in a list of pages, and plain enough for a child of nine."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from casework.asking_to_be_called.questions import QUESTIONS
from console.asked import Console
from console.texts import ENGLISH, LANGUAGES, WELSH, texts
from messages.neutral_words import forbidden_word
from schemas.areas import Area
from schemas.people import Role, Staff
from stores.database import Pool
from stores.keys.referral_keys import KeyStore
from tests.console.public_visitor import Asker, words_of
from tests.console.visiting import visiting
from tests.register import enter

READING_AGE = 9
FOLDER = Path(__file__).parents[2] / "console"


def filled_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_says_the_same_things_and_fills_in_the_same() -> None:
    english, welsh = texts(ENGLISH).items(), texts(WELSH).items()
    assert english.keys() == welsh.keys()
    for key, text in english.items():
        assert text.strip(), key
        assert welsh[key].strip(), key
        assert filled_in(text) == filled_in(welsh[key]), key


def test_welsh_is_welsh_and_says_that_it_is_to_be_checked() -> None:
    english, welsh = texts(ENGLISH).items(), texts(WELSH).items()
    assert not [key for key in english if english[key] == welsh[key]]
    assert "To be checked by a Welsh speaker." in (FOLDER / "texts/cy.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_title_tells_nobody_what_the_page_is_about(language: str) -> None:
    titles = {key: text for key, text in texts(language).items().items() if key.endswith(".title")}
    assert len(titles) == len(QUESTIONS) + 6
    for key, text in titles.items():
        assert forbidden_word(text) is None, key


def test_every_text_is_used() -> None:
    sources = [*FOLDER.glob("templates/public/**/*.html"), *FOLDER.glob("public/*.py")]
    used = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    by_name = re.compile(r"^(errors|area_names)\.|\.(title|label)$|^help\.(welsh|sign_language|interpreter)$")
    unused = [key for key in texts(ENGLISH).items() if f'"{key}"' not in used and not by_name.search(key)]
    assert [key for key in unused if f"'{key}'" not in used] == []


# How old a child must be to read it.


def syllables(word: str) -> int:
    """How many syllables an English word has, nearly: its groups of vowels, without a silent e at its end."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    found = len(re.findall(r"[aeiouy]+", letters))
    if re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$|[^aeiouysxz]es$", letters) and found > 1:
        found -= 1
    return max(found, 1)


def reading_age(text: str) -> float:
    """The age in years at which a child reads a text: the grade by Flesch and Kincaid, and five.

    Source: Kincaid, Fishburne, Rogers and Chissom 1975; a child is in the first grade at six.
    """
    sentences = [each for each in re.split(r"[.?!:\n]+", text) if re.search("[a-z]", each)]
    words = re.findall(r"[A-Za-z][A-Za-z'-]*", text)
    per_sentence = len(words) / len(sentences)
    per_word = sum(map(syllables, words)) / len(words)
    return 0.39 * per_sentence + 11.8 * per_word - 15.59 + 5


def test_syllables_are_counted_as_people_say_them() -> None:
    words = {
        "safe": 1,
        "service": 2,
        "emergency": 4,
        "called": 1,
        "wanted": 2,
        "message": 2,
        "you": 1,
        "times": 1,
    }
    assert {word: syllables(word) for word in words} == words


def test_what_is_hard_to_read_is_found_to_be() -> None:
    hard = (
        "Restorative justice facilitates communication between participants following criminal victimisation."
    )
    assert reading_age(hard) > 18
    assert reading_age("We will call you. You can say no.") < READING_AGE


async def pages(console: Console) -> dict[str, str]:
    async with visiting(console) as visitor:
        asker = Asker(visitor.client)
        found = {"start": (await asker.get("/self-referral")).text}
        await asker.to_check()
        for name in (*QUESTIONS, "check"):
            found[name] = (await asker.get(f"/self-referral/{name}")).text
        found["done"] = (await asker.send()).text.partition('<section lang="cy"')[0] + "</main>"
        found["gone"] = (await asker.get("/self-referral/done")).text
        found["nothing"] = (await asker.get("/self-referral/nothing")).text
    return found


async def test_a_child_of_nine_can_read_every_page(console: Console, pool: Pool, keys: KeyStore) -> None:
    await enter(pool, keys, Staff(id="dp-su", role=Role.SUPERVISOR, areas=(Area.DYFED_POWYS,)))
    # Not what they wrote themselves, nor the names of police areas and hours.
    given = re.compile(r"<option.*?</option>|<dd.*?</dd>|<textarea.*?</textarea>", re.DOTALL)
    ages = {name: reading_age(words_of(given.sub("", page))) for name, page in (await pages(console)).items()}
    assert len(ages) == len(QUESTIONS) + 5
    assert {name: age for name, age in ages.items() if age >= READING_AGE} == {}


def test_a_child_of_nine_can_read_what_is_wrong() -> None:
    errors = [text for key, text in texts(ENGLISH).items().items() if key.startswith("errors.")]
    assert reading_age(". ".join(errors)) < READING_AGE
