"""The words of the page."""

import re
from importlib.resources import files

import pytest

from han_gateway.core.accord import Accord
from han_gateway.core.effects import ChargerState, MeterState
from han_gateway.core.state import Conduct
from han_gateway.page.words import WORDS, language, words

STATIC = files("han_gateway.page") / "static"
SCRIPT = (STATIC / "page.js").read_text(encoding="utf-8")
PAGE = (STATIC / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", WORDS)
def test_both_languages_say_the_same(key: str) -> None:
    """No word is empty, and both languages stand for the same values."""
    english, norwegian = WORDS[key]

    assert english.strip()
    assert norwegian.strip()
    assert sorted(re.findall(r"\{\d\}", english)) == sorted(re.findall(r"\{\d\}", norwegian))


def test_every_state_has_a_word() -> None:
    """Whatever the core may show of a meter or a charger has its word."""
    needed = {f"state.{state.value}" for state in ChargerState} | {f"meter.{state.value}" for state in MeterState}
    needed |= {f"why.{state.value}" for state in MeterState if state is not MeterState.FRESH}
    needed |= {f"conduct.{conduct.value}" for conduct in (Conduct.IGNORING, Conduct.GONE)}
    needed |= {f"accord.{accord.value}" for accord in (Accord.DISPUTED, Accord.SHARED)}
    needed |= {f"broker.{value}" for value in ("true", "false", "null")}

    assert needed - set(WORDS) == set()


def test_no_word_is_missing_and_none_is_left_over() -> None:
    """The script and the page ask for words that are there, and every word is asked for."""
    exact = set(re.findall(r'\bt\("([a-z.]+)"[,)]', SCRIPT)) | {
        key.replace("_", ".") for key in re.findall(r"\$([a-z_]+)", PAGE) if key not in ("lang", "other_lang", "words")
    }
    groups = set(re.findall(r'"([a-z]+\.)" \+', SCRIPT))

    assert exact - set(WORDS) == set()
    assert [key for key in WORDS if key not in exact and key.partition(".")[0] + "." not in groups] == []


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen"),
    [
        ("nb", "en", "nb"),
        ("", "nb-NO,nb;q=0.9,en;q=0.8", "nb"),
        ("", "nn", "nb"),
        ("", "sv-SE,en", "nb"),
        ("", "de-DE,en;q=0.5,nb;q=0.3", "en"),
        ("", "de", "en"),
        ("xx", "NB", "nb"),
        ("", "", "en"),
        ("", ",;q=,,", "en"),
    ],
)
def test_a_language_is_chosen(asked: str, accepted: str, chosen: str) -> None:
    """The address decides, then the first language of the browser that we speak, then English."""
    assert language(asked, accepted) == chosen


def test_all_words_are_given() -> None:
    """A language is all keys."""
    assert set(words("nb")) == set(words("en")) == set(WORDS)
