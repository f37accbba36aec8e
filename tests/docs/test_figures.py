"""The pages hold the figures of one checkpoint, the one that ships, and pasting changes nothing else."""

from __future__ import annotations

import re

import pytest

from drasp_cli.checkpoints.registry import SHIPPED, shipped_folder
from drasp_cli.checkpoints.store import revision_of
from tests.docs.paste_figures import PAGES, with_figures

PAGE = """Before
<!-- figures: one -->
old
<!-- end of figures -->
between
<!-- figures: two -->
kept
<!-- end of figures -->
"""


def test_a_block_is_renewed_and_all_else_is_kept(tmp_path):
    (tmp_path / "one.md").write_text("## New\n\n- a: 1\n\n### Table\n")
    pasted = with_figures(PAGE, tmp_path)
    assert pasted == PAGE.replace("old\n", "\n#### New\n\n- a: 1\n\n##### Table\n\n")
    assert with_figures(pasted, tmp_path) == pasted


@pytest.mark.parametrize("page", ["nothing", "<!-- figures: one -->\nnever ends\n"])
def test_a_page_that_cannot_be_filled_is_refused(page, tmp_path):
    with pytest.raises(ValueError, match="block of figures"):
        with_figures(page, tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_figures_are_of_the_checkpoints_that_ship(page):
    """Every report of a shipped model names the revision of the files that are there; a card reports on its own."""
    named = set(re.findall(r"- model: ([\w.-]+)@(\w+)", page.read_text(encoding="utf-8")))
    shipped = {(name, revision_of(shipped_folder(name))) for name in SHIPPED}
    own = {(name, revision) for name, revision in shipped if page.parent.name in (name, "docs")}
    assert {pair for pair in named if pair[0] in SHIPPED} == own
