"""What is drawn of a clip's sound: a picture of it, and where its model is at hand, what its scores lean on.

The picture needs no model. Explanations import torch, and only when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from drasp_cli.audio.spectrogram import Spectrogram
from drasp_cli.audio.stream import open_clip
from drasp_cli.datatypes import Clip, ClipScore, Window
from drasp_cli.errors import AudioError, CheckpointError
from drasp_cli.reporting.png import png
from drasp_cli.tables.score_table import MODEL_SEPARATOR

if TYPE_CHECKING:
    from drasp_cli.checkpoints.store import Checkpoint
    from drasp_cli.explaining import ClipExplanation, Explanation

SAMPLE_RATE: Final = 32_000
"""In Hz, of what is drawn without a model."""

# matplotlib's cividis in sixteen steps, dark to light: legible whatever colours a reader sees.
_COLORS = (
    *("#00224e", "#002e6c", "#1e3a6f", "#35456c", "#47516c", "#575d6d", "#666970", "#757575"),
    *("#848279", "#948e77", "#a59c74", "#b7a96e", "#c8b866", "#dbc75a", "#eed649", "#fee838"),
)
_BANDS, _MOST_COLUMNS = 64, 400
_RANGE = 70.0  # dB below the loudest that are drawn
_QUIETEST = -80.0  # dB of full scale; of silence, black is enough
_SAME_SCORE = 0.01  # of what is computed in fp32 on another machine, or in bf16, from the same file


@dataclass(frozen=True, slots=True)
class Sound:
    """A clip's sound, as it is drawn.

    Attributes:
        picture: a PNG of its spectrogram, low frequencies below.
        start: seconds of the file at which the clip begins.
        seconds: length of the clip.
        heard: seconds that the picture shows. A model may hear a clip several times over, or silence behind it.
        again: where in the picture some of the clip begins again, and the second of the file that it is.
        explanation: what the score on one axis leans on; None where that is not known.
    """

    picture: bytes
    start: float
    seconds: float
    heard: float
    again: tuple[tuple[float, float], ...] = ()
    explanation: Explanation | None = None


def look(clip: Clip) -> Sound:
    """The picture of a clip alone.

    Raises:
        AudioError: it cannot be decoded.
    """
    sound = Spectrogram(SAMPLE_RATE, _BANDS, _MOST_COLUMNS)
    with open_clip(clip, sample_rate=SAMPLE_RATE, window_samples=10 * SAMPLE_RATE, fill="zero") as windows:
        for window in windows:
            sound.push(window.samples[: window.num_samples])
    return Sound(_picture(sound), clip.start or 0.0, sound.seconds, sound.seconds)


def load_at_hand(label: str) -> Checkpoint:
    """The very checkpoint that a score table names, if it is on this disk; nothing is downloaded.

    Args:
        label: name and revision, as the column `model` says them.

    Raises:
        CheckpointError: it is not here, or what is here has another revision.
        UnknownModelError: the name is none.
    """
    from drasp_cli.checkpoints.at_hand import find_at_hand
    from drasp_cli.checkpoints.store import load_found

    found = find_at_hand(label)
    if found.conversion is not None:
        raise CheckpointError(label, "gives a cosine for whole clips, which a report does not explain")
    return load_found(found)


class Listener:
    """Explains clips by the checkpoints that scored them.

    Args:
        checkpoints: all those that one row's column `model` names, in its order.
    """

    def __init__(self, checkpoints: Sequence[Checkpoint]) -> None:
        from drasp_cli.scoring import side_by_side

        self._checkpoints = tuple(checkpoints)
        named = side_by_side(self._checkpoints)
        self._columns = named.columns

    @property
    def needs_prompts(self) -> bool:
        """Whether an axis is explained only where the prompt is known."""
        return any(checkpoint.predictor.text_axes for checkpoint in self._checkpoints)

    def explain(self, row: ClipScore, wanted: Sequence[str]) -> dict[str, Sound]:
        """For each of the `wanted` axes that the checkpoints score, the sound with what the score leans on.

        Raises:
            AudioError: the clip cannot be decoded, or scores otherwise than the table says.
        """
        from drasp_cli.explaining import explain_clip

        sounds: dict[str, Sound] = {}
        for checkpoint, columns in zip(self._checkpoints, self._columns, strict=True):
            if not set(columns.values()).intersection(wanted) or not _can_hear(checkpoint, row.clip):
                continue
            sound = Spectrogram(checkpoint.config.audio.sample_rate, _BANDS, _MOST_COLUMNS)

            def on_window(window: Window, sound: Spectrogram = sound) -> None:
                sound.push(window.samples)

            whole = explain_clip(checkpoint, row.clip, stretches=False, on_window=on_window)
            picture = _picture(sound)
            for found in whole.axes:
                column = columns[found.axis]
                if column in wanted:
                    _check_score(row, column, found.score)
                    start, heard = whole.span.start, sound.seconds
                    sounds[column] = Sound(picture, start, whole.seconds, heard, _again(whole), found)
        return sounds


def explained_by(row: ClipScore) -> tuple[str, ...]:
    """The checkpoints that scored a row."""
    return tuple(row.model.split(MODEL_SEPARATOR)) if row.model else ()


def _can_hear(checkpoint: Checkpoint, clip: Clip) -> bool:
    """Whether any axis is left without the prompt, or it is there."""
    reading = set(checkpoint.predictor.text_axes)
    return clip.prompt is not None or bool(set(checkpoint.config.axes) - reading)


def _check_score(row: ClipScore, column: str, score: float) -> None:
    said = row.scores.get(column)
    if said is not None and abs(said - score) > _SAME_SCORE:
        reason = f"scores {score:.2f} on {column} now, and {said:.2f} in the table: it is not what was scored"
        raise AudioError(row.clip.path, reason)


def _again(explanation: ClipExplanation) -> tuple[tuple[float, float], ...]:
    """Where the last window repeats what is in it."""
    windows = explanation.axes[0].windows
    before, last = (len(windows) - 1) * explanation.window_seconds, windows[-1].span
    return tuple((before + i * last.seconds, last.start) for i in range(1, explanation.copies))


def _picture(sound: Spectrogram) -> bytes:
    levels = sound.levels[::-1]
    top = max(float(levels.max()), _QUIETEST)
    steps = np.round((levels - top + _RANGE) / _RANGE * (len(_COLORS) - 1))
    return png(np.clip(steps, 0, len(_COLORS) - 1), _COLORS)
