"""Files of torch.save, read without running anything in them."""

from __future__ import annotations

import os
import pickle
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drasp_cli.checkpoints.convert.pickles import bare_globals, read_pickle
from drasp_cli.checkpoints.convert.state_dict import state_dict_of
from drasp_cli.errors import InputError
from tests.research_folder import pickled


class Payload:
    """Pickles to a call that makes a folder, which is how the tests learn that it was run."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


def saved(folder: Path, content: Any) -> Path:
    path = folder / "some.pt"
    path.write_bytes(pickled(content))
    return path


NUMBERS = [np.dtype(code).type(1) for code in np.typecodes["AllInteger"] + np.typecodes["Float"] + "?"]


def test_tensors_plain_values_and_numpys_numbers_are_read(tmp_path: Path) -> None:
    content = {
        "state_dict": {"a": torch.arange(3.0)},
        "numbers": NUMBERS,
        "epoch": 3,
        "name": "some",
        "none": [None, (True, 1.5)],
    }
    read = read_pickle(saved(tmp_path, content))
    assert torch.equal(read["state_dict"].pop("a"), torch.arange(3.0))
    assert read == content | {"state_dict": {}}
    assert [number.dtype.str for number in read["numbers"]] == [number.dtype.str for number in NUMBERS]


def test_a_number_of_numpy_1_is_read_too(tmp_path: Path) -> None:
    """Its function had another module then; both names are of one length, up to an underscore, in the pickle."""
    import zipfile

    path = saved(tmp_path, {"loss": np.float64(2.5)})
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    (name,) = [name for name in files if name.endswith("data.pkl")]
    assert b"numpy._core.multiarray" in files[name]
    files[name] = files[name].replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert read_pickle(path) == {"loss": 2.5}


def test_tensors_stay_on_disk(tmp_path: Path) -> None:
    path = saved(tmp_path, {"optimizer": torch.zeros(1_000_000)})
    read = read_pickle(path)
    address = read["optimizer"].data_ptr()
    mapped = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if str(path) in line]
    ranges = [[int(end, 16) for end in words[0].split("-")] for words in mapped]
    assert any(start <= address < end for start, end in ranges)


def test_the_payload_would_run_if_it_were_unpickled(tmp_path: Path) -> None:
    """Else the test below could not fail."""
    torch.load(saved(tmp_path, Payload(tmp_path / "mark")), weights_only=False)
    assert (tmp_path / "mark").is_dir()


def test_whatever_could_run_is_refused_by_name_and_not_run(tmp_path: Path) -> None:
    path = saved(tmp_path, {"state_dict": {"a": torch.ones(1)}, "optimizer": Payload(tmp_path / "mark")})
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}: holds objects .* refused: (posix|nt)\.mkdir$"):
        read_pickle(path)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("how", ["pickle", "old torch"])
def test_what_could_run_in_a_bare_pickle_is_refused_by_name_and_not_run(
    tmp_path: Path, how: str, protocol: int
) -> None:
    """A file of torch before 1.6 is pickles one behind the other, the object's the fourth of them."""
    path, content = tmp_path / "some.pt", {"state_dict": {"a": torch.ones(1)}, "optimizer": Payload(tmp_path / "mark")}
    if how == "pickle":
        path.write_bytes(pickle.dumps(content["optimizer"], protocol))
    else:
        torch.save(content, path, pickle_protocol=max(protocol, 1), _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=rf"{re.escape(str(path))}: holds objects .* refused: (posix|nt)\.mkdir$"):
        read_pickle(path)
    assert not (tmp_path / "mark").exists()


def test_a_name_may_come_from_the_memo(tmp_path: Path) -> None:
    """Both texts are pushed early, and fetched again where they are put together."""
    texts = b"\x8c\x05posix\x94\x8c\x06system\x94\x8c\x04safe\x94\x8c\x04also\x94"
    (tmp_path / "some.pt").write_bytes(b"\x80\x04(" + texts + b"h\x00h\x01\x93\x8c\x04true\x85Rt.")
    assert bare_globals(tmp_path / "some.pt") == {"posix.system"}


def test_an_old_file_of_torch_is_refused_with_what_to_do(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(1)}}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(InputError, match=r"old\.pt: is no whole file of torch\.save .* save it again with a newer"):
        read_pickle(tmp_path / "old.pt")


@given(content=st.binary(max_size=60), start=st.sampled_from([b"", b"\x80\x04", b"cposix\nsystem\n", b"\x8c\x01a\x94"]))
def test_bytes_that_are_no_pickle_name_nothing_but_texts(content: bytes, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "some.pt"
        path.write_bytes(start + content)
        assert all(isinstance(name, str) for name in bare_globals(path))


@pytest.mark.parametrize("value", [Path("a"), re.compile("a"), np.zeros(3), np.random.default_rng(0)], ids=repr)
def test_no_other_object_is_read(tmp_path: Path, value: object) -> None:
    with pytest.raises(InputError, match="holds objects"):
        read_pickle(saved(tmp_path, {"state_dict": {}, "args": value}))


def test_what_is_allowed_here_is_not_allowed_afterwards(tmp_path: Path) -> None:
    path = saved(tmp_path, {"loss": np.float64(1)})
    read_pickle(path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    "content", [b"", b"half a file", pickle.dumps({"state_dict": {}})], ids=["empty", "half", "bare"]
)
def test_what_torch_did_not_save_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "some.pt").write_bytes(content)
    with pytest.raises(InputError, match=r"some\.pt: is no whole file of torch\.save"):
        read_pickle(tmp_path / "some.pt")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, cut: float) -> None:
    path = saved(tmp_path, {"state_dict": {"a": torch.ones(1000)}})
    content = path.read_bytes()
    path.write_bytes(content[: int(cut * len(content))])
    with pytest.raises(InputError, match=r"some\.pt: is "):
        read_pickle(path)


@pytest.mark.parametrize("seed", range(30))
def test_a_file_with_wrong_bytes_is_refused_or_read(tmp_path: Path, seed: int) -> None:
    """Never anything but an InputError, whatever the bytes are."""
    path = saved(tmp_path, {"state_dict": {"a": torch.ones(10)}, "loss": np.float64(1)})
    content, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    start = content.index(b"data.pkl") + 8  # the pickle itself, which comes first
    for position in rng.integers(start, start + 300, size=4):
        content[position] = rng.integers(256)
    path.write_bytes(bytes(content))
    try:
        read_pickle(path)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - both ends are right


# --------------------------------------------------------------------------------------------------- state dicts

TENSORS = {"a.weight": torch.ones(2, 3), "b": torch.zeros(())}


@pytest.mark.parametrize("prefix", ["", "module.", "model.", "module.model."])
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_state_dict_is_found_without_its_wrappers(prefix: str, wrapped: bool) -> None:
    named = {prefix + name: tensor for name, tensor in TENSORS.items()}
    content = {"state_dict": named, "optimizer": {"state": {}}, "epoch": 3} if wrapped else named
    assert state_dict_of(content, "some.pt") == TENSORS


def test_a_prefix_that_not_all_names_have_is_a_name() -> None:
    named = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert state_dict_of(named, "some.pt").keys() == named.keys()


@pytest.mark.parametrize("data", [None, [], {}, {"state_dict": {}}, {"state_dict": [1]}, {3: torch.ones(1)}], ids=repr)
def test_what_is_no_state_dict_is_refused(data: object) -> None:
    with pytest.raises(InputError, match=r"some\.pt: holds no state dict: expected names and tensors"):
        state_dict_of(data, "some.pt")


@pytest.mark.parametrize(
    "value",
    [
        3.0,
        {},
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2).to_sparse(),
        torch.ones(2, device="meta"),
    ],
    ids=lambda value: getattr(value, "type", lambda: repr(value))(),
)
def test_values_that_cannot_be_parameters_are_named(value: object) -> None:
    with pytest.raises(InputError, match=r"some\.pt: its state dict holds what is no plain tensor: strange$"):
        state_dict_of(TENSORS | {"strange": value}, "some.pt")


def test_of_many_only_a_few_are_named() -> None:
    with pytest.raises(InputError, match=r"no plain tensor: n0, n1, n2, n3, n4, n5, n6, n7, and 12 more$"):
        state_dict_of({f"n{i}": i for i in range(20)}, "some.pt")
