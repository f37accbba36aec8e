"""Which poolings a checkpoint's tensors could be of, for checkpoints of every one of them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from drasp_cli.checkpoints import meta
from drasp_cli.checkpoints.convert.fitting import fitting_poolings
from tests.meta_folder import SMALL
from tests.research_folder import WIDTHS, research_tensors


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta, "TOWER", SMALL)


@pytest.mark.parametrize("pooling", WIDTHS)
def test_a_checkpoint_fits_its_own_pooling_and_the_one_with_the_same_tensors(pooling: str) -> None:
    """Whether units are frames or segments shows in no tensor of a pooling with one resolution."""
    alike = {"sap": ["sap", "gsap"], "gsap": ["sap", "gsap"], "asp": ["asp", "gasp"], "gasp": ["asp", "gasp"]}
    assert fitting_poolings(research_tensors({}, pooling)) == alike.get(pooling, [pooling])


@pytest.mark.parametrize(
    "changes",
    [
        {"pooling.alpha": torch.zeros(2)},
        {"pooling.stray": torch.zeros(1)},
        {"pooling_proj.weight": torch.zeros(24, 24)},
        {"pooling_proj.weight": torch.zeros(0, 0)},
        {"pooling_proj.weight": torch.zeros(48)},
    ],
)
def test_other_tensors_fit_none(changes: dict[str, Tensor]) -> None:
    assert fitting_poolings(research_tensors({}, "drsp") | changes) == []


def test_a_checkpoint_without_a_projection_fits_none() -> None:
    assert fitting_poolings({"pooling.alpha": torch.zeros(())}) == []
