"""Model cards: the `README.md` of a checkpoint folder, in the Hub's format (YAML header, then Markdown)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from drasp_cli.models.config import PredictorConfig

_SIMULATED = """\
> **The ratings behind this checkpoint are simulated.** No listener was asked: it was trained on listening tests made up
> by `drasp simulate`. It is good for trying drasp, for pipelines and for CI, not for publishing numbers.
"""


def training_card(
    config: PredictorConfig, recipe: Mapping[str, Any], log: Sequence[Mapping[str, Any]], train: int, dev: int
) -> str:
    """The card of a checkpoint that `drasp train` has just made.

    Args:
        config: of the predictor.
        recipe: as plain data; where its `training_data` is empty, the one in `config` is the data's own record.
        log: rows of the training log.
        train: clips it was trained on.
        dev: clips it was validated on.
    """
    last = log[-1]
    figures = "\n".join(f"| {name} | {value} |" for name, value in last.items())
    windows = f"{config.audio.window_seconds:g} s windows at {config.audio.sample_rate} Hz"
    heard_as = config.audio.frontend_sample_rate
    words = "in the words of the recipe" if recipe["predictor"]["training_data"] else "as its folder records it"
    policy = windows if heard_as == config.audio.sample_rate else f"{windows}, heard as if they were {heard_as} Hz"
    return f"""\
---
license: {config.licence.lower()}
library_name: drasp
tags: [audio, mean-opinion-score, {", ".join(config.axes)}]
---
# {config.name}

{_SIMULATED if config.ratings == "simulated" else ""}
Predicts {" and ".join(config.axes)} with {config.pooling.name} pooling. Made by `drasp train`.

- Audio: {policy}, short clips filled by "{config.audio.fill}".
- Training data, {words}: {config.training_data}.
- Trained on {train} clips, and on {dev} more to decide when to stop.
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
