"""Addresses of clips, as a page finds them."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.datatypes import Clip
from drasp_cli.errors import AudioError
from drasp_cli.reporting.audio import embedded, is_there, link_to

NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in (".", "..")
)


@given(NAME, NAME, st.sampled_from(["", "/elsewhere/"]))
def test_a_link_leads_from_the_page_to_the_clip(folder: str, name: str, root: str) -> None:
    """What any reader of addresses makes of it is the clip's path, whatever its name looks like."""
    clip = Clip(os.path.join(root, folder, name))
    link = link_to(clip, "pages/report.html")
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
    found = urlsplit(urljoin(Path("pages/report.html").absolute().as_uri(), link)).path
    assert os.fsdecode(unquote_to_bytes(found)) == os.path.abspath(clip.path)


def test_a_clip_beside_the_page_that_is_called_like_a_script() -> None:
    assert link_to(Clip("javascript:alert(1).wav"), "report.html") == "javascript%3Aalert%281%29.wav"


@pytest.mark.parametrize(
    ("start", "end", "said"), [(None, None, ""), (1.5, None, "#t=1.5"), (None, 4.0, "#t=0,4"), (1.5, 4.0, "#t=1.5,4")]
)
def test_a_time_range(start: float | None, end: float | None, said: str) -> None:
    assert link_to(Clip("a.wav", start=start, end=end), "report.html") == "a.wav" + said


def test_embedded_bytes_are_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.FLAC").write_bytes(b"\x00sound")
    kind, _, content = embedded(Clip(str(tmp_path / "a.FLAC"))).partition(";base64,")
    assert kind == "data:audio/flac"
    assert base64.b64decode(content) == b"\x00sound"
    with pytest.raises(AudioError, match="cannot be read"):
        embedded(Clip(str(tmp_path / "b.wav")))


def test_a_name_that_no_file_can_have_is_not_there(tmp_path: Path) -> None:
    assert not is_there("a\0b.wav")
    assert not is_there(str(tmp_path))
