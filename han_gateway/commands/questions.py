"""Asking a person: a question is asked until its answer can be used, and each answer that cannot says why, and what would be right.

With ``--yes`` nobody is asked: defaults are taken, and a question without one is a mistake of the command line. This file must not know
what is asked.
"""

import sys
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class NoAnswerError(Exception):
    """Nobody answers any more, or nobody may be asked; the words say what to do."""


class Asker:
    """Asks on stdout and hears on stdin. ``silent``: takes the defaults and asks nothing."""

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent

    def say(self, text: str = "") -> None:
        """Tell something."""
        print(text, flush=True)

    def ask(self, question: str, read: Callable[[str], T], default: str | None = None, *, option: str = "") -> T:
        """The answer to a question, as ``read`` makes it of the words; ``read`` raises ValueError with the remedy. Empty is the default."""
        if self.silent:
            if default is None:
                raise NoAnswerError(f"with --yes nobody is asked: add {option}")
            return read(default)
        while True:
            shown = f" [{default}]" if default and not question.endswith("]") else ""
            words = self._line(f"{question}{shown}: ") or default
            if words is None:
                self.say("  an answer is needed here; Ctrl-C stops, and nothing is written")
                continue
            try:
                return read(words)
            except ValueError as why:
                self.say(f"  {why}")

    def agree(self, question: str, *, otherwise: bool) -> bool:
        """Yes or no; with ``--yes``, and for an empty answer, what it is otherwise."""
        return (
            otherwise
            if self.silent
            else self.ask(f"{question} [{'Y/n' if otherwise else 'y/N'}]", _yes, "y" if otherwise else "n")
        )

    def _line(self, prompt: str) -> str:
        print(prompt, end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            print()
            raise NoAnswerError(
                "no more answers; run it in a terminal, or give the answers as options with --yes (--help shows them)"
            )
        return line.strip()


def _yes(text: str) -> bool:
    word = text.strip().lower()
    if word not in {"y", "yes", "n", "no", "j", "ja", "nei"}:
        raise ValueError(f"{text!r} is neither y nor n")
    return word[0] in "yj"
