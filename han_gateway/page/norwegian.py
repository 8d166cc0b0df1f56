"""The sentences of the core in Norwegian (bokmål): reasons of limits and lines of the log of decisions.

The core speaks English; what it says is a closed set, so a table of patterns knows every sentence. One that it does not know stays as
it is: English is better than nothing. This file must not know when a sentence is said.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from han_gateway.core.effects import Cause

Table = tuple[tuple[re.Pattern[str], str], ...]
"""Patterns of English sentences, and the same in Norwegian; a name in braces is the part of that name."""

CAUSES = {
    Cause.FUSE: "sikring",
    Cause.LINE_CAP: "fasegrense",
    Cause.CHARGER: "egen maksgrense",
    Cause.STARTING: "starter på minimum",
    Cause.NO_CAR: "ingen bil vil ha strøm",
    Cause.ENOUGH: "ikke mer enn bilen bruker",
    Cause.HELD: "holdes på minimum",
    Cause.NO_ROOM: "ikke plass til minimum",
    Cause.POWER_CAP: "effektgrense",
    Cause.METER_WAITING: "måleren er ikke hørt ennå",
    Cause.METER_STALE: "måleren er forsinket, ingen økning",
    Cause.METER_LOST: "måleren er borte",
    Cause.REMOVED: "ikke lenger i oppsettet",
    Cause.POWER_ROSE: "effekten steg",
    Cause.RAISE_PENDING: "venter før økning",
    Cause.QUESTION: "prøver om den følger",
    Cause.RESTING: "hviler etter en pause",
    Cause.CHANGING: "skifter til 3 faser",
    Cause.UNSEEN: "ikke sett å trekke noe",
    Cause.PAUSED: "pauset av deg",
}
_BY_WORD = {cause.value: words for cause, words in CAUSES.items()}
_STATES = {"waiting": "ventet", "stale": "forsinket", "lost": "borte"}
_CAPS = {"power cap": "effektgrensen", "phase cap": "fasegrensen"}
_LISTS = {"lists": "lister", "lists with currents": "lister med strømmer"}
_DOUBTS = {
    "its clock stands still, it repeats itself": "klokken står, den gjentar seg selv",
    "its lists are old ones": "listene er gamle",
    "it repeats one list": "den gjentar én liste",
}
_SHUT = {
    "the frame is whole but does not decrypt: check the key": "rammen er hel, men nøkkelen passer ikke: sjekk nøkkelen",
    "the frame decrypts, but its tag is wrong: check the authentication key": (
        "nøkkelen passer, men signaturen er feil: sjekk autentiseringsnøkkelen"
    ),
    "a key of a session (general-ded-ciphering) is not supported": "med en øktnøkkel",
    "a system title that has not 8 octets is not supported": "uten system title på 8 oktetter",
    "a compressed message is not supported": "komprimert",
    "the broadcast key is not supported": "med kringkastingsnøkkelen",
}
_VERBS = {"cut": "senket", "paused": "pauset", "raised": "hevet", "resumed": "gjenopptok"}
_ASKS = {"restart": "omstart", "pause": "pause", "resume": "fortsett", "boost": "full fart"}
_STAGES = {
    "accepted": "sendt",
    "away": "taus",
    "done": "utført",
    "failed": "mislyktes",
    "unconfirmed": "ikke bekreftet",
    "refused": "avvist",
    "expired": "over",
}
APPLIANCES = {
    "kettle": "vannkoker",
    "water heater": "varmtvannsbereder",
    "oven": "stekeovn",
    "microwave": "mikrobølgeovn",
    "hob": "koketopp",
    "heater": "panelovn",
    "heat pump": "varmepumpe",
    "sauna": "badstue",
}
_REMEDY = "ta adapteren ut av HAN-porten et øyeblikk"


def reason(words: str) -> str:
    """Why a limit is what it is: ``main fuse, L2`` is ``hovedsikring, L2``."""
    cause, _, place = words.removesuffix(")").partition(" (")
    if place:
        return f"{_BY_WORD.get(cause, cause)} ({_place(place)})"
    return _BY_WORD.get(cause) or _place(cause)


@lru_cache(maxsize=512)  # those who watch get the same lines again and again
def sentence(text: str) -> str:
    """A line of the log."""
    return _said(text, _SENTENCES)


def decimals(words: str) -> str:
    """Numbers with a comma; names have no dots."""
    return words.replace(".", ",")


def _said(text: str, table: Table) -> str:
    """By the first pattern that fits."""
    for pattern, words in table:
        match = pattern.fullmatch(text)
        if match:
            return words.format(**{name: _PARTS.get(name, decimals)(value) for name, value in match.groupdict().items()})
    return text


def _table(*rows: tuple[str, str]) -> Table:
    return tuple((re.compile(pattern), words) for pattern, words in rows)


def _place(words: str) -> str:
    """Where room is wanting: ``garage fuse, L2`` is ``sikring garage, L2``."""
    name, comma, line = words.partition(", ")
    if name == "main fuse":
        name = "hovedsikring"
    elif name.endswith(" fuse"):
        name = f"sikring {name.removesuffix(' fuse')}"
    return _BY_WORD.get(name, name) + comma + line


_PARTS: dict[str, Callable[[str], str]] = {
    "why": reason,
    "state": lambda word: _STATES.get(word, word),
    "verb": lambda word: _VERBS.get(word, word),
    "cap": lambda word: _CAPS.get(word, word),
    "lists": lambda word: _LISTS.get(word, word),
    "doubt": lambda word: _DOUBTS.get(word, word),
    "shut": lambda words: _SHUT.get(words.rpartition("; ")[2], words),
    "fuse": lambda word: _place(f"{word} fuse"),
    "ask": lambda word: _ASKS.get(word, word),
    "stage": lambda word: _STAGES.get(word, word),
    "came": lambda words: _said(words, _OUTCOMES),
    "house": lambda words: _said(words, _HOUSE),
    "names": lambda words: " eller ".join(APPLIANCES.get(name, name) for name in words.split(" or ")),
}
"""How the parts of a sentence are said; names and numbers stay as they are."""

_HOUSE: Table = _table(
    (r"; the house rose by (?P<amps>\S+) A there", "; huset trakk {amps} A mer der"),
    (r"; the house rose by (?P<amps>\S+) A there, (?P<names>.+)\?", "; huset trakk {amps} A mer der, {names}?"),
    (r"; the house rose by (?P<kw>\S+) kW", "; huset trakk {kw} kW mer"),
    (r"; the house rose by (?P<kw>\S+) kW, (?P<names>.+)\?", "; huset trakk {kw} kW mer, {names}?"),
)
"""What the house did before a cut."""

_OUTCOMES: Table = _table(
    ("told to restart", "bedt om å starte på nytt"),
    ("went silent", "ble taus"),
    (r"back after (?P<s>\d+) s", "tilbake etter {s} s"),
    ("told to draw nothing", "bedt om ikke å trekke noe"),
    (
        r"will start in (?P<s>\d+) s, if there is room then: its contactor rests",
        "starter om {s} s, hvis det er plass da: kontaktoren hviler",
    ),
    ("draws nothing", "trekker ingenting"),
    (r"still draws after (?P<s>\d+) s", "trekker fortsatt etter {s} s"),
    ("sent; the charger does not say what it draws", "sendt; laderen sier ikke hva den trekker"),
    ("its limit follows the room again", "grensen følger det som er ledig igjen"),
    ("first in line", "først i køen"),
    (r"never seen to go away: .*", "aldri sett borte: den startet ikke på nytt, eller for fort til å ses"),
    (r"did not come back within (?P<s>\d+) s", "kom ikke tilbake innen {s} s"),
    (r"sent; it reports too seldom .*", "sendt; den rapporterer for sjelden til at en omstart kan ses"),
    ("sent; the charger says nothing of itself", "sendt; laderen sier ingenting om seg selv"),
    (r"sent; the broker was lost .*", "sendt; brokeren ble borte før noe ble sett"),
    ("the car has left", "bilen har kjørt"),
    ("its time is over", "tiden er ute"),
    ("this make has no command for a restart", "dette merket har ingen kommando for omstart"),
    ("a restart is under way", "en omstart er i gang"),
    (r"restarted (?P<s>\d+) s ago; not again within (?P<m>\d+) min", "startet på nytt for {s} s siden; ikke igjen innen {m} min"),
    (r"the meter is (?P<state>\w+): .*", "måleren er {state}: ingen ser hva laderen trekker når den er tilbake"),
    (r"(?P<ask>\w+) came after it", "{ask} kom etterpå"),
)
"""What became of a command, and why."""

_SENTENCES: Table = _table(
    (r"(?P<who>\S+) starts at (?P<amps>\S+) A: (?P<why>.+)", "{who} starter på {amps} A: {why}"),
    (
        r"(?P<verb>cut|paused|raised|resumed) (?P<who>\S+) (?P<old>\S+) -> (?P<new>\S+) A: (?P<why>[^;]+)(?P<house>.*)",
        "{verb} {who} {old} -> {new} A: {why}{house}",
    ),
    (r"meter (?P<state>\w+): no (?P<lists>.+) for (?P<s>\d+) s", "måleren er {state}: ingen {lists} på {s} s"),
    (
        r"meter (?P<state>\w+): (?P<doubt>.+); nothing new for (?P<s>\d+) s",
        "måleren er {state}: {doubt}; ikke noe nytt på {s} s",
    ),
    (
        r'the meter shows three wires .+, and (?P<grid>grid = "\w+"): .*',
        "måleren viser tre ledere uten nøytral, og {grid}: en lader på én fase belaster to, den ene ubeskyttet; rett grid og phases",
    ),
    (
        r'the meter shows a neutral .+ and (?P<grid>grid = "\w+"): .*',
        'måleren viser en nøytral, og {grid}: skriv "TN", ellers får laderne mindre enn det er',
    ),
    (
        r"the meter encrypts its lists \((?P<who>system title \w*)\): .*",
        "måleren krypterer listene ({who}): nettselskapet har nøkkelen, og key_file under [meter] sier hvilken fil den står i",
    ),
    (
        r"the meter encrypts its lists in a way that is not read here \((?P<shut>.+)\): .*",
        "måleren krypterer listene på en måte som ikke leses her ({shut}): be nettselskapet slå det av",
    ),
    (r"the meter's lists cannot be opened: (?P<shut>.+)", "målerens lister lar seg ikke åpne: {shut}"),
    (
        r"the meter's lists are old ones \(frame counter (?P<now>\d+) after (?P<before>\d+)\): .*",
        "målerens lister er gamle (teller {now} etter {before}): er det noen som gjentar dem?",
    ),
    (
        r"the meter's lists are not believed: .*",
        "målerens lister blir ikke trodd: ingenting beviser hvem som sendte dem; uten authentication_key_file blir de det",
    ),
    (r"meter heard", "måleren er hørt"),
    (r"meter fresh again, was (?P<state>\w+)", "måleren er frisk igjen, var {state}"),
    (r"charger (?P<who>\S+) keeps within its limit again", "lader {who} holder seg innenfor grensen igjen"),
    (r"charger (?P<who>\S+) draws more than its limit", "lader {who} trekker mer enn grensen"),
    (r"charger (?P<who>\S+) has stopped reporting", "lader {who} har sluttet å rapportere"),
    (
        r"the meter has sent the very same list for (?P<m>\d+) min: .*",
        f"måleren har sendt nøyaktig samme liste i {{m}} min: den gjentar seg kanskje; {_REMEDY}",
    ),
    (
        r"no hourly list from the meter for (?P<m>\d+) min, .*",
        f"ingen timesliste fra måleren på {{m}} min, mens andre kommer: den gjentar seg kanskje; {_REMEDY}",
    ),
    (
        r"charger (?P<who>\S+) does not follow: it says that it obeys (?P<said>\S+) A and was told (?P<told>\S+) A; .*",
        "lader {who} følger ikke: den sier at den følger {said} A og fikk {told} A; la ingen andre sette grensen",
    ),
    (
        r"charger (?P<who>\S+) has a second master that sets (?P<said>\S+) A, we (?P<told>\S+) A; .*",
        "lader {who} har en annen herre som setter {said} A, vi {told} A; slå av dens egen lastbalansering eller den andre automatikken",
    ),
    (r"charger (?P<who>\S+) obeys no limit but ours again", "lader {who} følger igjen bare vår grense"),
    (r"meter of the (?P<fuse>\S+) fuse lost: silent for (?P<s>\d+) s", "måleren til {fuse} er borte: taus i {s} s"),
    (r"meter of the (?P<fuse>\S+) fuse heard", "måleren til {fuse} er hørt"),
    (r"(?P<cap>power cap|phase cap) set to (?P<value>\S+) (?P<unit>W|A)", "{cap} er satt til {value} {unit}"),
    (r"(?P<who>\S+) changes to 3 phases", "{who} skifter til 3 faser"),
    (r"(?P<who>\S+) changes to 1 phase, (?P<line>\S+)", "{who} skifter til 1 fase, {line}"),
    (r"(?P<who>\S+) does not change its phases", "{who} skifter ikke faser"),
    (r"the car at (?P<who>\S+) uses (?P<line>\S+) only", "bilen ved {who} bruker bare {line}"),
    (r"(?P<who>\S+): (?P<ask>restart|pause|resume|boost) (?P<stage>\w+): (?P<came>.+)", "{who}: {ask} {stage}: {came}"),
    (r"broker connected", "broker tilkoblet"),
    (r"broker lost", "broker borte"),
    (r"line to the meter connected", "forbindelsen til måleren er oppe"),
    (r"line to the meter lost", "forbindelsen til måleren er brutt"),
)
