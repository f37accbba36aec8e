"""What is said of the clips behind means."""

from __future__ import annotations

import pytest

from drasp_cli.cli.means import MeansWatch, tell_systemless
from drasp_cli.cli.output import Talk
from drasp_cli.datatypes import Clip, ClipScore


def watched(*rows: tuple[str, tuple[str, ...]]) -> MeansWatch:
    means = MeansWatch()
    list(means.watch(ClipScore(Clip("x", system="S"), {"MI": 1.0}, model=model, flags=flags) for model, flags in rows))
    return means


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (["a@1", "a@1"], None),
        (["", ""], None),
        (["b@2", "a@1", "b@2"], "the means mix scores of b@2 and a@1; "),
        (["a@1", ""], "the means mix scores of a@1 and rows that name no model; "),
    ],
)
def test_means_over_several_models_are_told(
    models: list[str], words: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    watched(*((model, ()) for model in models)).tell_mixed(Talk())
    said = capsys.readouterr().err
    assert said.startswith(f"drasp: {words}") if words else said == ""


def test_the_models_with_simulated_ratings_are_told_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    means = watched(("a@1", ("short", "simulated-ratings")), ("a@1", ("simulated-ratings",)), ("b@2", ()))
    assert means.simulated == ["a@1"]
    means.tell_simulated(Talk())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("drasp: a@1 was trained on simulated ratings")
    means = watched(("b@2", ("short",)))
    assert means.simulated == []
    means.tell_simulated(Talk())
    assert capsys.readouterr().err == ""


def test_of_models_side_by_side_one_at_least_was_trained_so(capsys: pytest.CaptureFixture[str]) -> None:
    watched(("a@1;b@2", ("simulated-ratings",))).tell_simulated(Talk())
    assert capsys.readouterr().err.startswith("drasp: at least one of a@1 and b@2 was trained on simulated ratings")


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (["a@1"], "a@1"),
        (["audiobox.meta@1", "clap-drasp.mini@2"], "clap-drasp.mini@2"),
        (["audiobox.meta@1", "a@1", "clap.laion@2"], "a@1"),
        (["clap-drasp.mini@2", "a@1"], "at least one of clap-drasp.mini@2 and a@1"),
        (["clap-drasp.mini@1", "clap-drasp.mini@2"], "each of clap-drasp.mini@1 and clap-drasp.mini@2"),
        (["audiobox.meta@1", "clap.laion@2"], "at least one of audiobox.meta@1 and clap.laion@2"),
    ],
)
def test_names_of_the_registry_tell_of_which_model_it_is_said(models: list[str], told: str) -> None:
    assert watched((";".join(models), ("simulated-ratings",))).simulated == [told]


def test_one_clip_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    tell_systemless(1, 3, "fill it in", Talk())
    tell_systemless(2, 3, "fill it in", Talk())
    watched(("a@1", ("silent", "short")), ("a@1", ("short",))).tell_doubtful(Talk())
    assert capsys.readouterr().err.splitlines() == [
        "drasp: 1 of 3 clips has no system, and counts as one without a name; fill it in",
        "drasp: 2 of 3 clips have no system, and count as one without a name; fill it in",
        "drasp: the means include 1 clip flagged silent and 2 clips flagged short; the flags of drasp score say which",
    ]
