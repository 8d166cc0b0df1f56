"""The routes of the page: what may be read, and who may say what."""

import http.client
import json
import re
from typing import Any

import pytest

from han_gateway.page.words import WORDS
from tests.adapters.served import TOKEN, Served

PATIENCE_S = 30.0
HOSTILE = '</script><img src=x>&"'


def ask(
    served: Served, path: str, *, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def say(served: Served, to: str, words: str, token: str = TOKEN) -> tuple[int, dict[str, Any]]:
    """Say something, with a token; status and answer."""
    message = json.dumps({"to": to, "words": words})
    status, _, body = ask(served, "/say", method="POST", body=message, Authorization=f"Bearer {token}")
    return status, json.loads(body)


@pytest.mark.parametrize(
    ("path", "accepted", "chosen"),
    [
        ("/", "nb-NO,nb;q=0.9", "nb"),
        ("/", "en-GB", "en"),
        ("/?lang=nb", "en", "nb"),
        ("/?lang=en", "nb", "en"),
        ("/?lang=xx", "", "en"),
    ],
)
def test_the_page_is_in_the_language_of_its_reader(path: str, accepted: str, chosen: str) -> None:
    """What the address asks for counts before what the browser accepts; else it is English."""
    with Served() as served:
        status, headers, body = ask(served, path, Accept_Language=accepted)

    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{chosen}">' in body.decode()
    assert WORDS["chargers"][("en", "nb").index(chosen)] in body.decode()


def test_the_page_may_load_nothing_from_elsewhere() -> None:
    """The policy that the browser is given allows our own files only, no script in the page, and nobody to frame it."""
    with Served() as served:
        _, headers, body = ask(served, "/")

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy.pop("default-src") == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
    assert (policy["frame-ancestors"], headers["X-Content-Type-Options"]) == ("'none'", "nosniff")
    assert re.findall(r'(?:src|href)="(?!\?lang)([^"]*)"', body.decode()) == ["icon.svg", "page.css", "page.js"]
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))|style=|\son\w+=", body.decode())


def test_words_cannot_end_their_element(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word that looks like markup is text in the page, and its table stays one element."""
    monkeypatch.setitem(WORDS, "chargers", (HOSTILE, HOSTILE))
    with Served() as served:
        page = ask(served, "/")[2].decode()

    assert page.count("</script>") == 2
    assert "<img" not in page
    table = json.loads(re.findall(r'id="words">(.*?)</script>', page)[0])
    assert table["chargers"] == HOSTILE


def test_the_status_is_all_there_is_to_see() -> None:
    """/status.json has the board, the log, the hour, and our health."""
    with Served() as served:
        served.evening.play(120_000)
        served.trouble = "the controller hangs"
        status, headers, body = ask(served, "/status.json")

    board = json.loads(body)
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert (board["site"], board["trouble"], board["actions"], board["commands"]) == ("home", "the controller hangs", False, [])
    assert board["log"]
    assert board["hour"]


def test_events_begin_with_everything_and_go_on_with_news() -> None:
    """Who listens gets the whole board first, and then what changes: the new lines of the log, each once."""
    with Served() as served:
        served.evening.play(60_000)
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
        connection.request("GET", "/events")
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream"

        def event() -> tuple[bytes, dict[str, Any]]:
            name, data, _ = (answer.readline() for _ in range(3))
            return name, json.loads(data.removeprefix(b"data: "))

        name, whole = event()
        assert name == b"event: whole\n"
        numbers = [told["number"] for told in whole["log"]]
        while served.evening.board.told < numbers[-1] + 2:
            served.evening.play(served.evening.at + 10_000)
        name, news = event()
        connection.close()

    assert name == b"event: news\n"
    assert "hour" not in news
    assert [told["number"] for told in news["log"]][:1] == [numbers[-1] + 1]


def test_without_a_token_nothing_can_be_said() -> None:
    """The page is read only unless the configuration names a token: whoever tries is told what to write, whatever he brings."""
    with Served() as served:
        for token in ("", "None", TOKEN):
            status, answer = say(served, "caps/power/set", "8000", token)
            assert (status, served.said) == (403, [])
            assert "token_file under [page]" in answer["refused"]


@pytest.mark.parametrize("token", ["", "correct", TOKEN + "x", "æ"])
def test_another_token_is_refused(token: str) -> None:
    """Who does not know the token is refused before anything is read."""
    with Served(token=TOKEN) as served:
        assert say(served, "caps/power/set", "8000", token)[0] == 403
        assert ask(served, "/say", method="POST", body="{}")[0] == 403
        assert served.said == []


def test_what_is_said_goes_to_the_inbox_and_its_refusal_comes_back() -> None:
    """With the token, words reach the inbox as they are; what the inbox refuses is told in its own words."""
    with Served(token=TOKEN) as served:
        assert say(served, "caps/power/set", "8000") == (200, {"said": "caps/power/set"})
        assert say(served, "caps/power/set", "1") == (400, {"refused": "must be from 2000 to 17000 W"})
        assert served.said == [("caps/power/set", b"8000"), ("caps/power/set", b"1")]


@pytest.mark.parametrize("topic", ["caps/line/set", "chargers/garage/report", "chargers/garage/limit", "", "../home"])
def test_only_wishes_can_be_said(topic: str) -> None:
    """Where nobody listens nothing can be said, and a report cannot be made up here."""
    with Served(token=TOKEN) as served:
        assert say(served, topic, "1")[0] == 404
        assert served.said == []


@pytest.mark.parametrize("body", ["", "x", "[]", "1", '{"to": "caps/power/set"}', "[" * 4000])
def test_nonsense_is_refused(body: str) -> None:
    """What is not a message is 400 and says what one looks like."""
    with Served(token=TOKEN) as served:
        status, _, answer = ask(served, "/say", method="POST", body=body, Authorization=f"Bearer {TOKEN}")

    assert status == 400
    assert b"caps/power/set" in answer


def test_buttons_are_for_what_somebody_listens_to() -> None:
    """A charger has commands where a token is set and its topic is one of the inbox."""
    with Served(token=TOKEN) as served:
        board = json.loads(ask(served, "/status.json")[2])

    assert (board["actions"], board["commands"]) == (True, ["garage"])
