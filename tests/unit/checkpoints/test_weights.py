from __future__ import annotations

import ctypes
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from drasp_cli.checkpoints import weights
from drasp_cli.checkpoints.store import as_tensor
from drasp_cli.checkpoints.weights import ALIGNMENT, ITEM_BYTES, read_weights
from drasp_cli.errors import CheckpointError

DTYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def tensor_of(dtype: torch.dtype, shape: tuple[int, ...], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 2 if dtype is torch.bool else 100, shape, generator=generator).to(dtype)


def file_of(header: object, data: bytes, path: Path) -> Path:
    """A file whose header says this, true or not."""
    words = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(words).to_bytes(8, "little") + words + data)
    return path


def field(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def address(data: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(data))


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5).filter(lambda name: name != "__metadata__"),
        st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 5), max_size=3)),
        max_size=6,
    )
)
def test_what_safetensors_wrote_is_read_as_it_reads_it(
    tmp_path_factory: pytest.TempPathFactory, wanted: dict[str, tuple[torch.dtype, list[int]]]
) -> None:
    path = tmp_path_factory.mktemp("weights") / "a.safetensors"
    save_file(
        {name: tensor_of(dtype, tuple(shape), 0) for name, (dtype, shape) in wanted.items()}, path, {"format": "pt"}
    )
    ours, theirs = {name: as_tensor(raw) for name, raw in read_weights(path).items()}, load_file(path)
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert tensor.dtype == theirs[name].dtype
        assert torch.equal(tensor, theirs[name])  # shapes too


def test_every_type_that_is_read_has_its_size(tmp_path: Path) -> None:
    save_file({str(dtype): torch.zeros(3, dtype=dtype) for dtype in DTYPES}, tmp_path / "a")
    raw = read_weights(tmp_path / "a")
    assert {one.dtype for one in raw.values()} == set(ITEM_BYTES)
    assert all(as_tensor(one).itemsize == ITEM_BYTES[one.dtype] for one in raw.values())


def test_each_tensor_is_aligned_and_in_memory_of_its_own(tmp_path: Path) -> None:
    """Odd sizes, so that their places in the file have no alignment."""
    save_file({f"t{i}": torch.full((2 * i + 1,), float(i)) for i in range(20)}, tmp_path / "a")
    raw = read_weights(tmp_path / "a")
    assert all(address(one.data) % ALIGNMENT == 0 for one in raw.values())
    tensors = {name: as_tensor(one) for name, one in raw.items()}
    for tensor in tensors.values():
        before = {name: other.clone() for name, other in tensors.items() if other is not tensor}
        tensor.fill_(-1)
        assert all(torch.equal(tensors[name], other) for name, other in before.items())
    assert load_file(tmp_path / "a")["t3"].tolist() == [3.0] * 7
    save_file(tensors, tmp_path / "b")  # refuses tensors that share memory


def test_torch_aligns_its_own_tensors_so() -> None:
    assert all(torch.empty(size).data_ptr() % ALIGNMENT == 0 for size in (1, 3, 1000, 10**6))


def test_every_byte_is_seen_as_it_was_read(tmp_path: Path) -> None:
    save_file({f"t{i}": torch.full((2 * i + 1,), float(i)) for i in range(20)}, tmp_path / "a")
    digest = hashlib.sha256()
    read_weights(tmp_path / "a", digest.update)
    assert digest.hexdigest() == hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()


def test_what_is_read_is_not_the_file(tmp_path: Path) -> None:
    save_file({"a": torch.ones(100_000)}, tmp_path / "a")
    (raw,) = read_weights(tmp_path / "a").values()
    with (tmp_path / "a").open("r+b") as file:
        file.truncate(0)  # whoever had it mapped would be killed
    assert np.frombuffer(raw.data, dtype=np.float32).min() == 1.0


FORKS = """
import os, sys
from pathlib import Path
from drasp_cli.checkpoints.weights import read_weights
(raw,) = read_weights(Path(sys.argv[1])).values()
if os.fork() == 0:
    raw.data[:] = bytes([255] * len(raw.data))
    os._exit(0)
os.wait()
sys.exit(any(raw.data))
"""


def test_a_process_that_forks_shares_no_weights(tmp_path: Path) -> None:
    """In one of its own: this one has threads."""
    save_file({"a": torch.zeros(4)}, tmp_path / "a")
    assert subprocess.run([sys.executable, "-c", FORKS, str(tmp_path / "a")]).returncode == 0


def test_tensors_without_values_and_files_without_tensors(tmp_path: Path) -> None:
    save_file({"none": torch.zeros(3, 0), "one": torch.tensor(5.0)}, tmp_path / "a")
    tensors = {name: as_tensor(raw) for name, raw in read_weights(tmp_path / "a").items()}
    assert (tensors["none"].shape, tensors["one"].shape, tensors["one"].item()) == ((3, 0), (), 5.0)
    assert read_weights(file_of({}, b"", tmp_path / "b")) == {}


MALFORMED = {
    "no header at all": (None, b"half"),
    "a header beyond the file": (None, (10**6).to_bytes(8, "little") + b"{}"),
    "a header beyond all files": (None, bytes([255] * 9)),
    "no JSON": (b"{]", b""),
    "not even text": (b"\xff\xfe{}", b""),
    "nested without end": (b"[" * 100_000, b""),
    "a list": ([1], b""),
    "no tensor": ({"a": 1}, bytes(8)),
    "an unknown type": ({"a": field("F5")}, bytes(8)),
    "three offsets": ({"a": field(offsets=(0, 4, 8))}, bytes(8)),
    "a negative size": ({"a": field(shape=(-1, -2))}, bytes(8)),
    "a broken size": ({"a": field(shape=(2.0,))}, bytes(8)),
    "another size": ({"a": field(shape=(3,))}, bytes(8)),
    "a size beyond counting": ({"a": field(shape=(2**62, 2**62, 0), offsets=(0, 0))}, b""),
    "a gap": ({"a": field(offsets=(4, 12))}, bytes(12)),
    "two in one place": ({"a": field(), "b": field()}, bytes(16)),
    "too few bytes": ({"a": field()}, bytes(7)),
    "too many bytes": ({"a": field()}, bytes(9)),
}


@pytest.mark.parametrize("what", MALFORMED)
def test_a_file_that_breaks_the_format_is_refused(tmp_path: Path, what: str) -> None:
    header, data = MALFORMED[what]
    path = tmp_path / "a.safetensors"
    path.write_bytes(data) if header is None else file_of(header, data, path)
    with pytest.raises(CheckpointError, match=r"a\.safetensors: is not a readable safetensors file \(.+\)"):
        read_weights(path)


def test_a_type_that_no_checkpoint_of_drasp_has_is_named(tmp_path: Path) -> None:
    save_file({"fine": torch.zeros(2), "tiny": torch.zeros(2).to(torch.float8_e5m2)}, tmp_path / "a")
    with pytest.raises(CheckpointError, match=r"a type that is none of F64, .*: tiny is F8_E5M2"):
        read_weights(tmp_path / "a")


def test_a_file_that_is_replaced_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header of one file and the bytes of another would be neither."""
    save_file({"a": torch.zeros(4), "b": torch.ones(4)}, tmp_path / "old")
    save_file({"a": torch.zeros(8)}, tmp_path / "new")

    def opened(path: Path, framework: str) -> Any:
        (tmp_path / "new").replace(path)
        return safe_open(path, framework)

    monkeypatch.setattr(weights, "safe_open", opened)
    with pytest.raises(CheckpointError, match="old: was replaced while it was read"):
        read_weights(tmp_path / "old")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"gone\.safetensors: is not there"):
        read_weights(tmp_path / "gone.safetensors")
    with pytest.raises(CheckpointError, match="is not a readable safetensors file"):
        read_weights(tmp_path)
