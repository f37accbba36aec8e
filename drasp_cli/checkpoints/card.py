"""Model cards: the `README.md` of a checkpoint folder, in the Hub's format (YAML header, then Markdown)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from drasp_cli.models.config import AudioboxConfig, ClapConfig, PredictorConfig

# Licences that the Hub knows by name, of those that weights tend to have; all others are "other" with a name beside it.
_HUB_LICENCES = frozenset(
    (
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "mpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0"),
        *("unlicense", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"),
    )
)

_SIMULATED = """\
> **The ratings behind this checkpoint are simulated.** No listener was asked: it was trained on listening tests made up
> by `drasp simulate`. It is good for trying drasp, for pipelines and for CI, not for publishing numbers.
"""


def card_metadata(config: PredictorConfig) -> dict[str, Any]:
    """What the header of a card says, in the words that the Hub's own validation takes."""
    licence = config.licence.lower()
    if licence in _HUB_LICENCES:
        facts: dict[str, Any] = {"license": licence}
    else:
        facts = {"license": "other", "license_name": re.sub(r"[^a-z0-9.-]+", "-", licence).strip("-") or "unnamed"}
    return facts | {"library_name": "drasp", "tags": ["audio", "mean-opinion-score", *config.axes]}


def plain_card(config: PredictorConfig) -> str:
    """The card of a checkpoint that came without one."""
    return f"""\
{_header(config)}# {config.name}

{_SIMULATED if config.ratings == "simulated" else ""}
Predicts {" and ".join(config.axes)}. `drasp score` takes the name of this repository as `--model hf-hub:owner/name`.

- Training data: {config.training_data}.
- Licence of the weights: {config.licence}.
"""


def converted_card(config: PredictorConfig, *, file: str, digest: str, about: str) -> str:
    """The card of a checkpoint that `drasp convert` has made of somebody else's.

    Args:
        config: of the predictor.
        file: that the tensors come from, and where that is.
        digest: its SHA-256, hex digits.
        about: what it is, as sentences.
    """
    return f"""\
{_header(config)}# {config.name}

Predicts {" and ".join(config.axes)}. Made by `drasp convert` from {file}:

    SHA-256 {digest}

{about}

- Audio: {_audio_policy(config)}.
- Training data: {config.training_data}.
- Licence of the weights: {config.licence}.
"""


def training_card(
    config: PredictorConfig,
    recipe: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
    train: int,
    dev: int,
    start: str = "",
) -> str:
    """The card of a checkpoint that `drasp train` has just made.

    Args:
        config: of the predictor.
        recipe: as plain data; where its `training_data` is empty, the one in `config` is the data's own record.
        log: rows of the training log.
        train: clips it was trained on.
        dev: clips it was validated on.
        start: label of the checkpoint that training went on from; empty where it began with fresh weights.
    """
    assert isinstance(config, ClapConfig | AudioboxConfig)
    pooling = f"{config.pooling.name} pooling" if config.pooling else "masked mean pooling"
    last = log[-1]
    figures = "\n".join(f"| {name} | {value} |" for name, value in last.items())
    begun = f"\n- Went on from the weights of {start}." if start else ""
    words = "in the words of the recipe" if recipe["predictor"]["training_data"] else "as its folder records it"
    return f"""\
{_header(config)}# {config.name}

{_SIMULATED if config.ratings == "simulated" else ""}
Predicts {" and ".join(config.axes)} with {pooling}. Made by `drasp train`.

- Audio: {_audio_policy(config)}.
- Training data, {words}: {config.training_data}.
- Trained on {train} clips, and on {dev} more to decide when to stop.{begun}
- Licence of the weights: {config.licence}.

## Validation at the end of training

| | |
|---|---|
{figures}

## Recipe

```json
{json.dumps(recipe, indent=1)}
```
"""


def _audio_policy(config: PredictorConfig) -> str:
    """How a clip is prepared, in words."""
    windows = f"{config.audio.window_seconds:g} s windows at {config.audio.sample_rate} Hz"
    heard_as = config.audio.frontend_sample_rate
    policy = windows if heard_as == config.audio.sample_rate else f"{windows}, heard as if they were {heard_as} Hz"
    return f'{policy}, short clips filled by "{config.audio.fill}"'


def _header(config: PredictorConfig) -> str:
    """The metadata as YAML between its two lines; no value in it needs quotes."""
    facts = card_metadata(config)
    lines = [
        f"{key}: [{', '.join(value)}]" if isinstance(value, list) else f"{key}: {value}" for key, value in facts.items()
    ]
    return "\n".join(["---", *lines, "---", ""])
