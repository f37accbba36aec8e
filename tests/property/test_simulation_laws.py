"""What holds for any seed, severity and attribute of the simulator."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from drasp_cli.simulation.aes_natural import plan_scenes
from drasp_cli.simulation.aes_raters import AES_CAUSES, aesthetics
from drasp_cli.simulation.attributes import VALUES
from drasp_cli.simulation.composer import MUSICAL_FAULTS, audible_faults, audible_heard, compose
from drasp_cli.simulation.generators import CONTENT_FAULTS, CUT_OFF
from drasp_cli.simulation.layout import split_sizes
from drasp_cli.simulation.musiceval import plan_clips
from drasp_cli.simulation.random_streams import stream
from drasp_cli.simulation.raters import CAUSES, agreement, musical_impression, textual_alignment
from drasp_cli.simulation.scene_sound import sound_scene
from drasp_cli.simulation.scenes import draw_scene, scene_causes
from drasp_cli.simulation.sound_chain import CHAIN_CAUSES, run_chain

RATE = 16000
severity = st.one_of(st.just(0.0), st.floats(0.01, 1.0))
heards = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in VALUES.items()})
causes = st.fixed_dictionaries(dict.fromkeys(CAUSES, severity))
seeds = st.integers(0, 2**31)
SCENE_MAKERS = tuple(plan.generator for plan in plan_scenes(60, 60, 0))


@settings(max_examples=40, deadline=None)
@given(heards, st.fixed_dictionaries(dict.fromkeys(MUSICAL_FAULTS, severity)), seeds)
def test_any_wish_can_be_composed_and_again_the_same(heard, faults, seed):
    wish = (audible_heard(heard), audible_faults(heard, faults), 4.0)
    notes = compose(*wish, stream(seed, "music"))
    assert notes == compose(*wish, stream(seed, "music"))
    assert notes
    for note in notes:
        assert 0.0 <= note.start < 4.0
        assert note.seconds > 0.0
        assert 15 <= note.pitch <= 120
        assert 0.0 < note.velocity <= 1.0


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(CHAIN_CAUSES, severity)), st.booleans(), seeds)
def test_any_chain_gives_finite_samples_within_full_scale(severities, defects_first, seed):
    samples = stream(seed, "music").standard_normal(RATE)
    output = run_chain(samples, RATE, severities, defects_first, stream(seed, "chain"))
    assert output.samples.shape == samples.shape
    assert np.all(np.isfinite(output.samples))
    assert np.abs(output.samples).max() <= 1.0
    for name, value in output.severities.items():
        assert 0.0 <= value <= severities[name] + 1e-9
    starts = [defect.start for defect in output.defects]
    assert starts == sorted(starts)


@given(causes, st.sampled_from(CAUSES), st.floats(0.01, 1.0))
def test_more_of_any_cause_never_raises_the_impression(given_causes, name, more):
    worse = {**given_causes, name: min(1.0, given_causes[name] + more)}
    assert 1.0 < musical_impression(worse) <= musical_impression(given_causes) <= 5.0


@given(heards, heards, st.sets(st.sampled_from(tuple(VALUES)), min_size=1), st.floats(1.0, 5.0))
def test_agreement_and_alignment_stay_in_range(asked, heard, mentioned, impression):
    wish = {name: asked[name] for name in mentioned}
    agreed = agreement(wish, heard)
    assert 0.0 <= agreed <= 1.0
    assert agreement(wish, wish) == 1.0
    assert 1.0 <= textual_alignment(agreed, impression) <= 5.0


@settings(max_examples=25, deadline=None)
@given(st.integers(3, 20), st.integers(3, 40), st.integers(1, 6), seeds)
def test_any_plan_is_even_disjoint_and_named_once(systems, prompts, per_system, seed):
    plans = plan_clips(systems * per_system, systems, prompts, seed)
    assert len({plan.name for plan in plans}) == len(plans) == systems * per_system
    for what in (lambda plan: plan.system.id, lambda plan: plan.prompt.id, lambda plan: plan.prompt.text):
        owner = {}
        for plan in plans:
            assert owner.setdefault(what(plan), plan.split) == plan.split
    assert {plan.split for plan in plans} == set(split_sizes(systems))


CONTENT = dict.fromkeys((*MUSICAL_FAULTS, *CONTENT_FAULTS, CUT_OFF), severity)


@settings(max_examples=12, deadline=None)
@given(st.fixed_dictionaries(CONTENT), st.sampled_from((1.0, 1.7, 3.0)), st.integers(0, 59), seeds)
def test_any_scene_can_be_heard_and_explained(severities, seconds, system, seed):
    scene = draw_scene(SCENE_MAKERS[system], severities, seconds, stream(seed, "scene"))
    assert scene == draw_scene(SCENE_MAKERS[system], severities, seconds, stream(seed, "scene"))
    for name, value in scene_causes(scene).items():
        assert 0.0 <= value <= severities.get(name, 1.0)
    samples = sound_scene(scene, RATE, stream(seed, "sound"))
    assert samples.shape == (round(seconds * RATE),)
    assert np.all(np.isfinite(samples))
    assert np.array_equal(samples, sound_scene(scene, RATE, stream(seed, "sound")))


@given(st.fixed_dictionaries(dict.fromkeys(AES_CAUSES, severity)), st.sampled_from(AES_CAUSES), st.floats(0.01, 1.0))
def test_more_of_any_cause_raises_no_axis_but_complexity(given_causes, name, more):
    before = aesthetics(given_causes)
    after = aesthetics({**given_causes, name: min(1.0, given_causes[name] + more)})
    for axis, score in after.items():
        assert 1.0 <= score <= 10.0
        assert score >= before[axis] if axis == "PC" else score <= before[axis]
