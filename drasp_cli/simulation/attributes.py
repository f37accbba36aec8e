"""What a prompt can ask for and music can be: seven attributes, their closed lists of values, and the words for them.

Every value has two kinds of wording: `adjectives` stand before the noun of a prompt, `phrases` behind it. For the
timbre the adjectives are the nouns themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Wording:
    """The words by which prompts mention one value.

    Attributes:
        adjectives: stand before a noun ("slow"); nouns in the case of a timbre ("grand piano").
        phrases: stand behind it ("at a slow pace").
    """

    adjectives: tuple[str, ...]
    phrases: tuple[str, ...]


SPOKEN: Final = "spoken voice"
"""The one timbre whose melody is speech. Speech has no key and no beat of its own: a mode, a style of rhythm, or a
fault of either is heard only in what accompanies it."""

SPOKEN_ALONE: Final = 0.8
"""Speech is meant to stand alone in this share of the cases where nothing else is said; else all textures are alike."""

UNSPOKEN: Final = ("mode", "rhythm")
"""The attributes that speech alone cannot have."""

SPEAKERS_OWN: Final = ("tempo", "register", "dynamics")
"""The attributes of speech alone that are as its speaker has them: unknown where the speech is a recording."""

_TIMBRE = {
    "piano": Wording(("piano", "grand piano", "acoustic piano"), ("played on a piano", "on the grand piano")),
    "electric piano": Wording(
        ("electric piano", "Rhodes", "Rhodes electric piano"), ("played on a Rhodes", "on an electric piano")
    ),
    "organ": Wording(("organ", "church organ", "pipe organ"), ("played on a pipe organ", "on a church organ")),
    "strings": Wording(("strings", "string section", "violins"), ("played by violins", "with a string section")),
    "flute": Wording(("flute", "wooden flute", "transverse flute"), ("played on a flute", "with an airy flute")),
    "clarinet": Wording(("clarinet", "reed", "woodwind reed"), ("played on a clarinet", "with a woody clarinet")),
    "brass": Wording(("brass", "trumpet", "brass section", "horns"), ("played by trumpets", "with blaring horns")),
    "guitar": Wording(
        ("acoustic guitar", "guitar", "steel-string guitar"), ("played on an acoustic guitar", "picked on a guitar")
    ),
    "distorted guitar": Wording(
        ("distorted guitar", "overdriven guitar", "heavy metal guitar"),
        ("played on a distorted guitar", "with an overdriven guitar"),
    ),
    "harp": Wording(("harp", "concert harp", "harp strings"), ("played on a harp", "with a gentle harp")),
    "bell": Wording(("bells", "tubular bells", "chimes", "glockenspiel"), ("played on chimes", "with ringing bells")),
    "marimba": Wording(
        ("marimba", "xylophone", "wooden mallets"), ("played on a marimba", "with wooden mallet percussion")
    ),
    "synth lead": Wording(
        ("synthesizer", "synth lead", "sawtooth synth", "electronic lead"),
        ("played on a synthesizer", "with a buzzing synth lead"),
    ),
    "singing voice": Wording(
        ("choir", "vocal", "singing voice", "wordless vocal"), ("sung by a voice", "with wordless singing")
    ),
    SPOKEN: Wording(
        ("spoken word", "narrator", "talking voice", "speech"), ("with a person talking", "with a spoken voice")
    ),
}
_TEMPO = {
    "very slow": Wording(
        ("very slow", "extremely slow", "glacial", "largo"), ("at a glacial pace", "in a very slow tempo")
    ),
    "slow": Wording(("slow", "unhurried", "adagio"), ("at a relaxed pace", "in a slow tempo", "taking its time")),
    "medium": Wording(
        ("mid-tempo", "moderate", "moderately paced", "andante"), ("at a walking pace", "in a medium tempo")
    ),
    "fast": Wording(("fast", "quick", "rapid", "up-tempo", "presto"), ("at high speed", "in a fast tempo")),
}
_MODE = {
    "major": Wording(
        ("major-key", "happy", "cheerful", "joyful", "sunny"),
        ("in a major key", "with a happy mood", "feeling cheerful"),
    ),
    "minor": Wording(
        ("minor-key", "sad", "melancholic", "gloomy", "sorrowful"),
        ("in a minor key", "with a sad mood", "feeling melancholic"),
    ),
}
_REGISTER = {
    "low": Wording(("low", "deep", "low-pitched"), ("in a low register", "with deep notes", "far down")),
    "middle": Wording(("mid-range", "middle-register"), ("in the middle register", "with notes in the mid range")),
    "high": Wording(("high", "high-pitched", "treble"), ("in a high register", "with high notes", "up in the treble")),
}
_TEXTURE = {
    "solo": Wording(("solo", "unaccompanied", "lone"), ("without accompaniment", "all alone", "as a solo")),
    "duet": Wording(("duet", "two-part"), ("with a second voice below", "as a duet", "in two parts")),
    "ensemble": Wording(
        ("ensemble", "small-group"), ("with chords and bass", "with bass accompaniment", "in a drumless ensemble")
    ),
    "band": Wording(
        ("full-band", "drum-driven"), ("with a full band", "with drums and bass", "with a drum kit", "over a drum beat")
    ),
}
_RHYTHM = {
    "straight": Wording(
        ("straight", "even", "steady-beat"), ("with an even beat", "in straight eighths", "in plain four-four time")
    ),
    "swing": Wording(("swinging", "swung", "jazzy"), ("with a swing feel", "in swing time", "with a shuffle groove")),
    "syncopated": Wording(
        ("syncopated", "off-beat", "funky"), ("with syncopation", "with off-beat accents", "with a funky rhythm")
    ),
    "waltz": Wording(("waltz", "waltzing", "three-four"), ("in three-four time", "as a waltz", "in triple meter")),
}
_DYNAMICS = {
    "soft": Wording(
        ("soft", "quiet", "gentle", "delicate"), ("played softly", "with gentle dynamics", "staying soft throughout")
    ),
    "swelling": Wording(
        ("swelling", "building", "crescendo"), ("that swells", "with a growing crescendo", "rising in volume")
    ),
    "punchy": Wording(
        ("loud", "punchy", "powerful", "energetic"), ("played loudly", "with hard accents", "hitting hard")
    ),
}

ATTRIBUTES: Final[Mapping[str, Mapping[str, Wording]]] = MappingProxyType(
    {
        "timbre": _TIMBRE,
        "tempo": _TEMPO,
        "mode": _MODE,
        "register": _REGISTER,
        "texture": _TEXTURE,
        "rhythm": _RHYTHM,
        "dynamics": _DYNAMICS,
    }
)
"""Attribute -> value -> its wording, in the order of the columns of `causes.csv`."""

VALUES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({name: tuple(ATTRIBUTES[name]) for name in ATTRIBUTES})
"""Attribute -> its values, ordered from little to much where there is an order."""

DRAWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {**VALUES, "timbre": (*VALUES["timbre"], *(SPOKEN,) * 4)}
)
"""Attribute -> values as often as they should come. Speech comes five times as often as any one instrument: its pauses
and consonants are what a network must know not to be faults."""
