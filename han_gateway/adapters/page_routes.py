"""The page on the HTTP port: its files, the board as JSON and as events, and what somebody with the token may say.

``/`` is the page, ``/status.json`` all there is to see, ``/events`` the same and then the news, ``POST /say`` a message as if it had
come from the broker, for the same inbox. This file must not know what the messages mean, nor how HTTP is spoken.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from han_gateway.adapters.http_server import JSON, TEXT, Answer, Asked, Route
from han_gateway.adapters.streams import Mark, Streams
from han_gateway.core.words.topics import payload
from han_gateway.page.board import Board
from han_gateway.page.snapshot import Now, news, whole
from han_gateway.page.words import LANGUAGES, language, words

_STATIC = files("han_gateway.page") / "static"
_FILES = {"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_GUARDED = (("Content-Security-Policy", _POLICY),)
_READ_ONLY = (
    "this gateway is read only here: write a token of 16 characters or more to a file, and name it as token_file under [page]"
)

Say = Callable[[str, bytes], str | None]
"""Says words on a topic below the site's own; gives why they were refused. It is called from another thread than the loop."""


class Page:
    """The routes of one board. ``listens`` tells on which topics below the site's own somebody listens; ``token`` None: read only."""

    def __init__(
        self,
        board: Board,
        now: Callable[[], Now],
        *,
        trouble: Callable[[], str | None],
        token: str | None = None,
        say: Say = lambda _topic, _words: "nobody listens",
        listens: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        self._board = board
        self._now = now
        self._trouble = trouble
        self._token = token
        self._say = say
        self._listens = listens
        self._streams = Streams(self._news)

    @property
    def routes(self) -> Mapping[str, Route]:
        """What may be read."""
        return {
            "/": self._page,
            "/status.json": lambda _asked: Answer(payload(self._whole()), JSON),
            "/events": self._events,
            **{path: _file(path) for path in _FILES},
        }

    @property
    def posts(self) -> Mapping[str, Route]:
        """What may be said."""
        return {"/say": self._said}

    def close(self) -> None:
        """Hang up on those who watch."""
        self._streams.close()

    def _page(self, asked: Asked) -> Answer:
        chosen = language(asked.query.get("lang", ""), asked.headers.get("Accept-Language", ""))
        return Answer(_html(chosen), "text/html; charset=utf-8", headers=(*_GUARDED, ("Vary", "Accept-Language")))

    def _whole(self) -> dict[str, Any]:
        return {**whole(self._board, self._now()), **self._more()}

    def _more(self) -> dict[str, Any]:
        """What the board does not know: our health, and what may be said."""
        may = self._listens() if self._token else frozenset()
        return {
            "trouble": self._trouble(),
            "actions": bool(self._token),
            "commands": [name for name in self._names() if f"chargers/{name}/command" in may],
        }

    def _names(self) -> list[str]:
        return [charger.name for charger in self._board.site.chargers]

    def _events(self, _asked: Asked) -> Answer:
        if self._streams.full:
            return Answer(b"too many are watching\n", TEXT, 503, (("Retry-After", "5"),))
        mark = self._mark()
        first = _event("whole", payload(self._whole()))
        return Answer(first, "text/event-stream", stay=lambda connection: self._streams.add(connection, mark))

    def _mark(self) -> Mark:
        """The version and the last line of the log: the version first, as both may grow meanwhile, and news twice is better than none."""
        return self._board.version, self._board.told

    def _news(self, mark: Mark) -> tuple[Mark, bytes]:
        now = self._mark()
        if now == mark:
            return mark, b""
        return now, _event("news", payload({**news(self._board, self._now(), mark[1]), **self._more()}))

    def _said(self, asked: Asked) -> Answer:
        if not self._token:
            return _refused(_READ_ONLY, 403)
        if not hmac.compare_digest(asked.headers.get("Authorization", "").encode(), f"Bearer {self._token}".encode()):
            return _refused("the token is not right", 403)
        try:
            message = json.loads(asked.body)
            topic, said = str(message["to"]), str(message["words"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return _refused('not JSON of the form {"to": "caps/power/set", "words": "8000"}', 400)
        if topic not in self._listens() or not _sayable(topic):
            return _refused("nobody listens there", 404)
        why = self._say(topic, said.encode())
        return _refused(why, 400) if why else Answer(payload({"said": topic}), JSON)


def _sayable(topic: str) -> bool:
    """Wishes may be said here, measurements not: a page has no meter."""
    return topic.endswith(("/set", "/command"))


def _refused(why: str, status: int) -> Answer:
    return Answer(payload({"refused": why}), JSON, status)


def _event(name: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


def _file(path: str) -> Route:
    body = (_STATIC / path[1:]).read_bytes()
    return lambda _asked: Answer(body, _FILES[path])


def _html(chosen: str) -> bytes:
    """The page in one language: its words are filled in here, so that it is right before anything is drawn."""
    own = words(chosen)
    other = next(each for each in LANGUAGES if each != chosen)
    # In a script element only "<" can end it.
    table = json.dumps(own, ensure_ascii=False).replace("<", "\\u003c")
    safe = {key.replace(".", "_"): escape(value) for key, value in own.items()}
    text = (_STATIC / "page.html").read_text(encoding="utf-8")
    return Template(text).substitute(safe, lang=chosen, other_lang=other, words=table).encode()
