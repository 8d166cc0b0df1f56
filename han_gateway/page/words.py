"""The words of the page in English and Norwegian: one table. What a person reads is here, or in ``norwegian.py``.

A key with a dot names a group: ``state.waiting`` is the word for the state that the JSON calls ``waiting``. ``{0}`` stands for a value.
This file must not know where the words are put.
"""

from collections.abc import Mapping

LANGUAGES = ("en", "nb")

_NORWEGIAN = ("nb", "no", "nn", "da", "sv")
"""Who reads these understands bokmål."""

WORDS: dict[str, tuple[str, str]] = {
    "title": ("{0} – power per phase", "{0} – strøm per fase"),
    "other": ("Norsk", "English"),
    "noscript": (
        "This page draws itself in the browser and needs JavaScript. Without it: han-gateway status.",
        "Denne siden tegnes i nettleseren og trenger JavaScript. Uten: han-gateway status.",
    ),
    "phases": ("Phases", "Faser"),
    "chargers": ("Chargers", "Ladere"),
    "circuits": ("Sub-fuses", "Kurser"),
    "hour": ("The last hour", "Den siste timen"),
    "minutes": ("The last {0} min", "De siste {0} min"),
    "log": ("Decisions", "Beslutninger"),
    "controls": ("Controls", "Styring"),
    "fuse": ("Main fuse {0} A", "Hovedsikring {0} A"),
    "fuse.short": ("{0} A fuse", "{0} A sikring"),
    "room": ("{0} A room", "{0} A ledig"),
    "over": ("{0} A over", "{0} A over"),
    "unknown": ("unknown", "ukjent"),
    "estimated": ("estimated", "beregnet"),
    "buys": ("buys {0} kW", "kjøper {0} kW"),
    "sells": ("sells {0} kW", "selger {0} kW"),
    "house": ("house", "hus"),
    "cars": ("cars", "biler"),
    "highest": ("highest {0} A", "høyest {0} A"),
    "line": ("{0}: {1} A of {2} A, {3}", "{0}: {1} A av {2} A, {3}"),
    "line.unknown": ("{0}: unknown", "{0}: ukjent"),
    "now": ("now", "nå"),
    "ago": ("{0} ago", "for {0} siden"),
    "since": ("for {0}", "i {0}"),
    "s": ("{0} s", "{0} s"),
    "min": ("{0} min", "{0} min"),
    "h": ("{0} h", "{0} t"),
    "meter.waiting": ("Waiting for the meter", "Venter på måleren"),
    "meter.fresh": ("Meter heard", "Måler hørt"),
    "meter.stale": ("Meter last heard", "Måler sist hørt"),
    "meter.lost": ("Meter last heard", "Måler sist hørt"),
    "why.waiting": (
        "Nothing heard from the meter yet. The chargers stay at their fallback limits.",
        "Ikke hørt noe fra måleren ennå. Laderne står på reservegrensene.",
    ),
    "why.stale": ("The meter is late. Limits may fall, not rise.", "Måleren er forsinket. Grenser kan senkes, ikke heves."),
    "why.lost": (
        "The meter is silent. The chargers are held at their fallback limits.",
        "Måleren er taus. Laderne holdes på reservegrensene.",
    ),
    "why.source": ("The line to the meter is broken.", "Forbindelsen til måleren er brutt."),
    "why.net": (
        "The meter shows another net than grid = {0}: limits may be wrong. The decisions say more.",
        "Måleren viser et annet nett enn grid = {0}: grensene kan være feil. Beslutningene sier mer.",
    ),
    "why.over": ("{0} carries more than the main fuse.", "{0} bærer mer enn hovedsikringen."),
    "why.circuit.waiting": (
        "Nothing heard from the meter of the {0} fuse yet. The chargers below it stay at their fallback limits.",
        "Ikke hørt noe fra måleren til {0} ennå. Laderne under den står på reservegrensene.",
    ),
    "why.circuit.stale": (
        "The meter of the {0} fuse is late. Limits below it may fall, not rise.",
        "Måleren til {0} er forsinket. Grenser under den kan senkes, ikke heves.",
    ),
    "why.circuit.lost": (
        "The meter of the {0} fuse is silent. The chargers below it are held at their fallback limits.",
        "Måleren til {0} er taus. Laderne under den holdes på reservegrensene.",
    ),
    "why.circuit.over": ("{1} of the {0} fuse carries more than that fuse.", "{0}: {1} bærer mer enn sikringen."),
    "why.broker": (
        "The MQTT broker is away: the chargers hear nothing. Those with a failsafe go to their own safe limit.",
        "MQTT-brokeren er borte: laderne hører ingenting. De som har en failsafe, går til sin egen trygge grense.",
    ),
    "why.refused": (
        "The MQTT broker refuses our limits: some charger hears nothing. Its log says why.",
        "MQTT-brokeren avviser grensene våre: en lader hører ingenting. Loggen dens sier hvorfor.",
    ),
    "why.gateway": (
        "No contact with the gateway. This is how things stood at {0}.",
        "Ingen kontakt med gatewayen. Slik var det klokken {0}.",
    ),
    "broker.true": ("broker connected", "broker tilkoblet"),
    "broker.false": ("broker away", "broker borte"),
    "broker.null": ("no broker yet", "ingen broker ennå"),
    "all.well": ("All is well", "Alt er i orden"),
    "limit": ("limit", "grense"),
    "pause": ("Pause", "Pause"),
    "draws": ("draws {0} A", "trekker {0} A"),
    "queue": ("number {0} in the queue", "nummer {0} i køen"),
    "state.charging": ("charging", "lader"),
    "state.allowed": ("may charge", "kan lade"),
    "state.waiting": ("waiting for power", "venter på strøm"),
    "state.paused": ("paused", "pauset"),
    "state.idle": ("no car", "ingen bil"),
    "state.full": ("full", "full"),
    "state.error": ("error", "feil"),
    "unheard": ("not heard since the start", "ikke hørt siden start"),
    "boosted": ("first in line", "først i køen"),
    "conduct.ignoring": ("draws more than its limit", "trekker mer enn grensen"),
    "conduct.gone": ("has stopped reporting", "har sluttet å rapportere"),
    "accord.disputed": ("does not follow our limit", "følger ikke grensen vår"),
    "accord.shared": ("somebody else sets its limit, too", "noen andre setter også grensen"),
    "no.chargers": ("No chargers in the configuration.", "Ingen ladere i oppsettet."),
    "no.log": ("Nothing has been decided yet.", "Ingenting er bestemt ennå."),
    "level.warning": ("Warning", "Advarsel"),
    "earlier": ("All of them", "Alle"),
    "cap.power": ("Power cap", "Effektgrense"),
    "cap.line": ("Phase cap", "Fasegrense"),
    "bounds": ("{0} to {1} {2}", "{0} til {1} {2}"),
    "set": ("Set", "Sett"),
    "reset": ("As configured", "Som i oppsettet"),
    "token": ("Token", "Passord"),
    "token.why": (
        "Whoever knows the token of the gateway may change these.",
        "Den som kjenner passordet til gatewayen, kan endre disse.",
    ),
    "unlock": ("Unlock", "Lås opp"),
    "lock": ("Lock", "Lås"),
    "sent": ("Sent.", "Sendt."),
    "refused": ("Refused: {0}", "Avvist: {0}"),
    "command.pause": ("Pause", "Pause"),
    "command.resume": ("Resume", "Fortsett"),
    "command.boost": ("Boost", "Full fart"),
    "command.restart": ("Restart", "Start på nytt"),
}


def words(language: str) -> dict[str, str]:
    """All words in one language."""
    index = LANGUAGES.index(language)
    return {key: both[index] for key, both in WORDS.items()}


def language_of_locale(environment: Mapping[str, str]) -> str:
    """Choose by the locale of a terminal: the first of these variables that is set counts (locale(7))."""
    names = (environment.get(variable) for variable in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return language("", next(filter(None, names), "").replace("_", "-"))


def language(asked: str, accepted: str) -> str:
    """Choose by what the address asks for, else by what the browser accepts (RFC 9110, 12.5.4), else English.

    The order of the header counts, not its weights: browsers send them in order.
    """
    if asked in LANGUAGES:
        return asked
    for part in accepted.lower().split(","):
        name = part.partition(";")[0].strip().partition("-")[0]
        if name == "en" or name in _NORWEGIAN:
            return "en" if name == "en" else "nb"
    return "en"
