"""The page in a real Chromium: it draws itself, it is live, it reaches nowhere, and it can be read by everybody."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from han_gateway.core.effects import Cause, Grant, MeterState, Reason, ShowHeadroom
from han_gateway.core.events import BrokerChanged, CircuitSaid, Tick
from han_gateway.core.people import notes
from han_gateway.core.people.rise import Rise
from han_gateway.core.site import Grid
from han_gateway.core.units import Line, PerLine
from han_gateway.core.words.topics import payload
from han_gateway.page.snapshot import whole
from han_gateway.page.words import WORDS
from tests.adapters.served import TOKEN, Served
from tests.chromium import Chromium
from tests.page.evening import HOUR_MS, Evening, below_fuses, site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = "document.querySelectorAll('.strip path').length > 0"
HEAVIEST = 100_000
"""Bytes of everything that a browser loads to show the page."""
CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, level AA, for text of usual size."""
OF_TEXT = """
(() => {
  const rgb = (text) => { const c = new OffscreenCanvas(1, 1).getContext("2d"); c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] > 200) return c; } return [255, 255, 255, 255]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility() || e.closest("script")) continue;
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    found.push([Math.round(100 * (a + .05) / (b + .05)) / 100, e.textContent.slice(0, 30)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
})()
"""
"""Every visible text with its contrast, the weakest first."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """One browser for all; each test opens its own page."""
    with Chromium(tmp_path_factory.mktemp("browser")) as it:
        yield it


@pytest.fixture
def phone(browser: Chromium) -> Chromium:
    """It is a phone in daylight, and nobody has complained yet: the page before, which still calls for its gateway, is closed."""
    browser.go("about:blank", "true")
    browser.size(390, 844)
    browser.prefer(prefers_color_scheme="light")
    browser.read("en")
    browser.requests.clear()
    browser.received.clear()
    browser.complaints.clear()
    return browser


@pytest.fixture
def served() -> Iterator[Served]:
    """A quarter of an hour of the evening."""
    with Served() as it:
        it.evening.play(900_000)
        yield it


def text(browser: Chromium, selector: str) -> str:
    """What is read there, with plain spaces."""
    return str(browser.run(f"document.querySelector('{selector}').innerText")).replace("\xa0", " ")


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "nb"])
def test_it_draws_itself_everywhere(phone: Chromium, served: Served, width: int, scheme: str, language: str) -> None:
    """On a small phone and a wide screen, by day and by night, in both languages: everything is there, nothing sticks out, no errors."""
    phone.size(width, 700)
    phone.prefer(prefers_color_scheme=scheme)
    phone.read(f"{language},de")
    phone.go(served.address, DRAWN)

    assert phone.run("document.documentElement.scrollWidth") <= width
    assert phone.run("document.documentElement.lang") == language
    assert WORDS["all.well"][("en", "nb").index(language)] in text(phone, "#state")
    assert phone.run("document.querySelectorAll('.phase').length") == 3
    assert phone.run("document.querySelectorAll('.charger').length") == 2
    assert phone.run("document.querySelectorAll('#log li').length") == len(served.evening.board.log)
    paper = [int(part) for part in re.findall(r"\d+", phone.run("getComputedStyle(document.body).backgroundColor"))]
    assert (sum(paper) < 3 * 64) == (scheme == "dark")
    assert phone.complaints == []


def test_it_reaches_nowhere_and_is_light(phone: Chromium, served: Served) -> None:
    """All that is loaded comes from us, and with a full hour it is less than a hundred kilobytes; then it needs nobody else."""
    served.evening.play(HOUR_MS)
    phone.go(served.address, DRAWN)

    asked = {url.removeprefix(served.address) for url in phone.requests}
    assert asked | {"icon.svg"} == {"", "page.css", "page.js", "events", "icon.svg"}  # a browser may have the icon already
    assert set(phone.received) >= {served.address + name for name in ("", "page.css", "page.js")}
    assert sum(phone.received.values()) + len(payload(whole(served.evening.board, served.evening.now))) < HEAVIEST


def test_numbers_are_those_of_the_board(phone: Chromium, served: Served) -> None:
    """Each phase shows its load and its room, each charger its limit and the reason in words."""
    phone.go(served.address, DRAWN)

    headroom = served.evening.board.headroom
    assert headroom is not None
    for index, load in enumerate(headroom.load_ma):
        shown = text(phone, f".phase:nth-child({index + 1})")
        assert load is not None
        assert f"{(load + 50) // 100 / 10:.1f}" in shown
        assert f"{(25_050 - load) // 100 / 10:.1f} A room" in shown
    found = served.evening.board.charger("garage")
    assert found is not None
    assert str(found[1].grant.reason) in text(phone, ".charger")


def test_it_is_live(phone: Chromium, served: Served) -> None:
    """What happens arrives by itself: new numbers, and a new line on top of the log."""
    phone.go(served.address, DRAWN)
    before = text(phone, "#lines")
    told = served.evening.board.told
    while served.evening.board.told == told:
        served.evening.play(served.evening.at + 10_000)

    newest = served.evening.board.log[-1].text.replace("->", "→")
    phone.wait(f"document.querySelector('#log li').innerText.includes({newest!r})")
    assert text(phone, "#lines") != before
    assert phone.run("document.querySelectorAll('#log li').length") == len(served.evening.board.log)
    assert phone.requests.count(served.address + "events") == 1


def test_a_charger_that_was_never_heard_says_so(phone: Chromium) -> None:
    """Whether it is there at all nobody knows: that stands in the place of what it does, until it is heard."""
    with Served() as served:
        served.evening.play(25_000, reports=("carport",))
        phone.go(served.address, DRAWN)
        assert text(phone, ".charger .does") == "not heard since the start"
        assert text(phone, ".charger:nth-child(2) .does").startswith("charging")
        served.evening.play(30_000)
        phone.wait("document.querySelector('.charger .does').innerText.startsWith('charging')")


CUT = notes.change(
    Grant(charger="garage", limit_ma=16_000, reason=Reason(cause=Cause.CHARGER)),
    Grant(charger="garage", limit_ma=9_000, reason=Reason(cause=Cause.FUSE, circuit="main", line=Line.L2)),
    Rise(9_400, None, ("kettle", "oven")),
)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "cut garage 16 → 9 A: main fuse, L2; the house rose by 9.4 A there, kettle or oven?"),
        ("nb", "senket garage 16 → 9 A: hovedsikring, L2; huset trakk 9,4 A mer der, vannkoker eller stekeovn?"),
    ],
)
def test_a_cut_says_what_the_house_did(phone: Chromium, served: Served, language: str, said: str) -> None:
    """A cut is told with the step of the house and a guess, in the language of the reader; on a small phone it wraps, and sticks out nowhere."""
    phone.size(320, 700)
    phone.go(f"{served.address}?lang={language}", DRAWN)
    served.evening.board.see(Tick(at=served.evening.at), (CUT,))
    phone.wait(
        "document.querySelector('#log li').innerText.includes('9,4') || document.querySelector('#log li').innerText.includes('9.4')"
    )

    assert said in text(phone, "#log li")
    assert phone.run("document.querySelector('#log').scrollWidth <= document.querySelector('#log').clientWidth")
    assert phone.run("document.documentElement.scrollWidth") <= 320


def test_a_meter_that_grows_silent_is_said(phone: Chromium, served: Served) -> None:
    """Stale and lost are said in words, the numbers go, and the voice of a screen reader hears it."""
    phone.go(served.address, DRAWN)
    served.evening.play(served.evening.at + 40_000, meter=False)
    phone.wait(f"document.querySelector('#state').innerText.includes({WORDS['why.stale'][0]!r})")
    served.evening.play(served.evening.at + 40_000, meter=False)
    phone.wait(f"document.querySelector('#state').innerText.includes({WORDS['why.lost'][0]!r})")

    assert "unknown" in text(phone, ".phase")
    assert phone.run("document.querySelector('#state').getAttribute('aria-live')") == "polite"
    assert "meter lost" in text(phone, ".charger")


def test_a_broker_that_is_away_a_wrong_net_and_a_phase_over_the_fuse_are_said(phone: Chromium, served: Served) -> None:
    """All stand on top in words, and the phase says by how much."""
    phone.go(served.address, DRAWN)
    over = ShowHeadroom(
        state=MeterState.FRESH,
        fuse_ma=25_000,
        room_ma=PerLine(-6_200, 0, 1_000),
        load_ma=PerLine(31_200, 25_000, 24_000),
        other_net=True,
    )
    served.evening.board.see(Tick(at=served.evening.at), (over,))
    served.evening.board.see(BrokerChanged(at=served.evening.at, connected=False), ())
    phone.wait("document.querySelector('.phase.over')")

    assert "L1 carries more than the main fuse" in text(phone, "#state")
    assert WORDS["why.broker"][0] in text(phone, "#state")
    assert "another net than grid = TN" in text(phone, "#state")
    assert "! 6.2 A over" in text(phone, ".phase")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1200, "dark")])
def test_sub_fuses_are_drawn_against_their_own_fuse(phone: Chromium, width: int, scheme: str) -> None:
    """Each with its lines, its loads and its room; too much on one and a meter of its own that is silent stand on top in words."""
    phone.size(width, 700)
    phone.prefer(prefers_color_scheme=scheme)
    with Served(Evening(below_fuses())) as served:
        evening = served.evening
        evening.play(30_000)
        phone.go(served.address, DRAWN)
        assert "Nothing heard from the meter of the workshop fuse yet" in text(phone, "#state")
        evening.gateway.handle(CircuitSaid(at=evening.at, circuit="workshop", current_ma=PerLine(21_300, 4_000, None)))
        phone.wait("document.querySelector('.circuit .phase.over')")
        assert "L1 of the workshop fuse carries more than that fuse" in text(phone, "#state")
        shown = text(phone, ".circuit")
        for words in ("workshop 20 A fuse", "21.3A", "! 1.3 A over", "16.0 A room", "unknown"):
            assert words in shown, words
        assert text(phone, ".circuit:nth-child(2)").startswith("shed 16 A fuse")
        label = "document.querySelector('.circuit [role=meter]').ariaLabel"
        assert phone.run(label) == "workshop L1"
        assert phone.run("document.documentElement.scrollWidth") <= width
        assert phone.run(OF_TEXT)[0][0] >= CONTRAST
        evening.play(evening.at + 61_000)
        phone.wait("document.querySelector('#state').innerText.includes('The meter of the workshop fuse is silent')")
        assert "21.3" not in text(phone, ".circuit")
        assert phone.complaints == []


def test_a_house_without_sub_fuses_shows_none(phone: Chromium, served: Served) -> None:
    """No heading stands over nothing."""
    phone.go(served.address, DRAWN)
    assert phone.run("document.querySelector('#below').checkVisibility()") is False


def test_a_gateway_that_is_gone_is_said(phone: Chromium, served: Served) -> None:
    """Without a word from the gateway the page says since when, and stops looking alive; when it is back, so is the page."""
    phone.go(served.address, DRAWN)
    phone.run("heard -= 60000")
    phone.wait("document.body.classList.contains('old')")
    assert "No contact with the gateway" in text(phone, "#state")
    served.evening.play(served.evening.at + 10_000)
    phone.wait("!document.body.classList.contains('old')")


def test_estimated_lines_say_so(phone: Chromium) -> None:
    """A current that was not measured is marked with a word and a sign, not with a colour."""
    phone.size(320, 700)
    with Served(Evening(site(grid=Grid.IT))) as served:
        shown = ShowHeadroom(
            state=MeterState.FRESH,
            fuse_ma=25_000,
            room_ma=PerLine(-18_800, 1_200, None),
            load_ma=PerLine(43_800, 23_800, None),
            estimated=(Line.L2,),
        )
        served.evening.board.see(Tick(at=0), (shown,))
        phone.go(served.address, "document.querySelectorAll('.phase').length")
        assert "≈23.8" in text(phone, ".phase:nth-child(2)")
        assert "estimated" in text(phone, ".phase:nth-child(2)")
        assert "unknown" in text(phone, ".phase:nth-child(3)")
        fits = "[...document.querySelectorAll('.phase b, .phase p')].every((each) => each.scrollWidth <= each.clientWidth)"
        assert phone.run(fits)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(phone: Chromium, scheme: str) -> None:
    """The contrast of every text is that of level AA at least, also where something is wrong."""
    with Served(token=TOKEN) as served:
        served.evening.play(900_000)
        phone.prefer(prefers_color_scheme=scheme)
        phone.go(served.address, DRAWN)
        weakest = phone.run(OF_TEXT)[0]
        assert weakest[0] >= CONTRAST, weakest
        served.evening.board.see(BrokerChanged(at=served.evening.at, connected=False), ())
        served.evening.play(served.evening.at + 30_000, meter=False)
        phone.wait("document.querySelector('#state.bad')")
        weakest = phone.run(OF_TEXT)[0]
        assert weakest[0] >= CONTRAST, weakest


def test_a_screen_reader_hears_names_and_values(phone: Chromium, served: Served) -> None:
    """Chromium's own tree of accessibility has three meters with their values in words, three pictures, headings, and no bare button."""
    phone.go(served.address, DRAWN)
    phone.ask("Accessibility.enable")
    nodes = phone.ask("Accessibility.getFullAXTree")["nodes"]
    seen = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]]

    assert [name for role, name in seen if role == "meter"] == ["L1", "L2", "L3"]
    spoken = phone.run("[...document.querySelectorAll('[role=meter]')].map((each) => each.ariaValueText)")
    assert [re.sub(r"[0-9.]+(?= A)", "_", words) for words in spoken] == [f"L{line}: _ A of _ A, _ A room" for line in (1, 2, 3)]
    assert [name[:10] for role, name in seen if role in ("image", "img")] == ["L1: highes", "L2: highes", "L3: highes"]
    assert {name for role, name in seen if role == "heading"} >= {"home", "Chargers", "Decisions"}
    assert all(name for role, name in seen if role in ("button", "link", "textbox"))


def test_with_reduced_motion_nothing_moves(phone: Chromium, served: Served) -> None:
    """Bars jump instead of sliding for those who asked for it."""
    phone.prefer(prefers_reduced_motion="reduce")
    phone.go(served.address, DRAWN)
    assert phone.run("getComputedStyle(document.querySelector('.bar i')).transitionDuration") == "0s"


def test_with_a_token_a_cap_and_a_charger_can_be_told_by_keyboard(phone: Chromium) -> None:
    """The keyboard alone suffices to unlock, to set a cap and to pause a charger; a refusal is told in words."""
    with Served(token=TOKEN) as served:
        served.evening.play(60_000)
        phone.go(served.address, DRAWN)
        phone.run("localStorage.clear()")
        phone.run("document.querySelector('#token').focus()")
        phone.ask("Input.insertText", text=TOKEN)
        phone.press(["Enter"])
        phone.wait("document.querySelector('#cap-power')")
        phone.run("document.querySelector('#cap-power').select(), document.querySelector('#cap-power').focus()")
        phone.ask("Input.insertText", text="8000")
        phone.press(["Tab", "Enter"])
        phone.wait("document.querySelector('#said').innerText === 'Sent.'")
        phone.run("document.querySelector('.acts button').focus()")
        phone.press(["Enter"])
        phone.wait("performance.getEntriesByType('resource').filter((each) => each.name.endsWith('/say')).length === 2")
        assert served.said == [("caps/power/set", b"8000"), ("chargers/garage/command", b"pause")]
        phone.run("say('caps/power/set', '1')")
        assert "must be from 2000 to 17000 W" in text(phone, "#said")
        phone.run("localStorage.clear()")


def test_without_a_token_there_is_nothing_to_press(phone: Chromium, served: Served) -> None:
    """A page that is read only has no controls."""
    phone.go(served.address, DRAWN)
    assert phone.run("document.querySelector('#controls').checkVisibility()") is False
    assert phone.run("document.querySelectorAll('.acts button').length") == 0


def test_without_javascript_it_says_what_to_do(phone: Chromium, served: Served) -> None:
    """A browser that runs no script shows a sentence instead of nothing."""
    phone.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        phone.go(served.address, "document.querySelector('noscript p')")
        assert "han-gateway status" in text(phone, "noscript p")
        assert phone.run("document.querySelector('noscript p').checkVisibility()")
    finally:
        phone.ask("Emulation.setScriptExecutionDisabled", value=False)


def test_pictures_of_the_documentation_show_the_page(phone: Chromium, served: Served, tmp_path: Path) -> None:
    """A picture of the page is a PNG that is as wide as the screen."""
    phone.go(served.address, DRAWN)
    picture = phone.picture()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == 390
    (tmp_path / "page.png").write_bytes(picture)
