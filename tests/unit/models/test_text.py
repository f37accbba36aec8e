from __future__ import annotations

import torch

from drasp_cli.models.backbones.text import TextTower
from drasp_cli.models.config import TextConfig

CONFIG = TextConfig(
    vocab_size=40,
    hidden_size=16,
    num_layers=2,
    num_heads=2,
    intermediate_size=32,
    max_positions=20,
    max_tokens=18,
    pad_token=1,
)


def tower() -> TextTower:
    torch.manual_seed(0)
    return TextTower(CONFIG).eval()


def test_padding_changes_nothing() -> None:
    text = tower()
    tokens = torch.tensor([[0, 7, 9, 2]])
    padded = torch.tensor([[0, 7, 9, 2, 1, 1, 1]])
    torch.testing.assert_close(text(padded), text(tokens), atol=1e-6, rtol=0)


def test_word_order_matters() -> None:
    text = tower()
    with torch.no_grad():
        for parameter in text.parameters():
            parameter.mul_(10)  # fresh weights are so small that everything is nearly linear
    assert (text(torch.tensor([[0, 7, 9, 2]])) - text(torch.tensor([[0, 9, 7, 2]]))).abs().max() > 1e-4


def test_positions_count_from_behind_the_padding_token() -> None:
    """RoBERTa's first token has position pad + 1, and padding keeps position pad."""
    text = tower()
    with torch.no_grad():
        text.embeddings.position_embeddings.weight[5:] = float("nan")
    assert text(torch.tensor([[0, 7, 2, 1, 1, 1, 1]])).isfinite().all()  # positions 2, 3, 4, then padding
    assert text(torch.tensor([[0, 7, 9, 2]])).isnan().any()


def test_names_are_those_of_laions_text_branch() -> None:
    names = set(tower().state_dict())
    assert "embeddings.token_type_embeddings.weight" in names
    assert "encoder.layer.1.attention.self.query.weight" in names
    assert "encoder.layer.1.attention.output.LayerNorm.bias" in names
    assert "encoder.layer.0.intermediate.dense.bias" in names
    assert "encoder.layer.0.output.dense.weight" in names
    assert "pooler.dense.weight" in names
    assert len(names) == 5 + 2 * 16 + 2
