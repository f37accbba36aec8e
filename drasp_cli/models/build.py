"""A predictor from its configuration: the one place that knows which class an architecture is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from drasp_cli.models.audiobox import AudioboxPredictor
from drasp_cli.models.config import AudioboxConfig, ClapConfig, PredictorConfig
from drasp_cli.models.interface import Predictor
from drasp_cli.models.predictor import ClapPredictor


@overload
def build_predictor(config: ClapConfig) -> ClapPredictor: ...
@overload
def build_predictor(config: AudioboxConfig) -> AudioboxPredictor: ...
@overload
def build_predictor(config: PredictorConfig) -> Predictor: ...
def build_predictor(config: PredictorConfig) -> Predictor:
    """The predictor that `config` describes, with fresh random weights, in eval mode."""
    if isinstance(config, AudioboxConfig):
        return AudioboxPredictor(config).eval()
    assert isinstance(config, ClapConfig)
    return ClapPredictor(config).eval()


def unfilled_predictor(config: PredictorConfig) -> Predictor:
    """The same without its weights, for who fills every one of them: drawing two hundred million takes seconds.

    Its parameters have a shape and a type and nothing more (device "meta"), so one that was forgotten cannot be used.
    Assign to them: `load_state_dict(tensors, assign=True)`. Buffers are what they always are.
    """
    with _WithoutStorage():
        return build_predictor(config)


class _WithoutStorage(TorchFunctionMode):
    """In the block and in this thread, `torch.empty` takes no memory, and nothing is drawn into what it gave."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty:
            return func(*args, **{**kwargs, "device": "meta"})
        subject = args[0] if args else kwargs.get("tensor")  # torch.nn.init hands it on by its name
        if isinstance(subject, Tensor) and subject.is_meta and _is_in_place(func):
            return subject
        return func(*args, **kwargs)


def _is_in_place(func: Callable[..., Any]) -> bool:
    return func.__name__.endswith("_") and not func.__name__.endswith("__")


@overload
def seeded_predictor(config: ClapConfig, seed: int) -> ClapPredictor: ...
@overload
def seeded_predictor(config: AudioboxConfig, seed: int) -> AudioboxPredictor: ...
@overload
def seeded_predictor(config: PredictorConfig, seed: int) -> Predictor: ...
def seeded_predictor(config: PredictorConfig, seed: int) -> Predictor:
    """`build_predictor` with weights that depend on `seed` alone; the caller's random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_predictor(config)
