"""Files of `torch.save`, of both layouts."""

import io
import zipfile

import numpy as np
import pytest
import torch

from digits_core.data.readers.file_contents import Refusal
from tests.unit.data.readers.helpers import SMALL, read, torch_file, tuples, zipped


@pytest.fixture(scope="module")
def pairs(optdigits):
    return tuples(optdigits.images[:60], optdigits.labels[:60])


@pytest.mark.parametrize("legacy", [False, True])
def test_both_layouts_give_what_torch_itself_reads(legacy, pairs, optdigits):
    data = torch_file({"train": pairs[:40], "test": pairs[40:]}, legacy)
    reading = read(data, "digits.pt")
    by_torch = torch.load(io.BytesIO(data), weights_only=True)

    assert reading.format == "PyTorch file of (image, label) tuples"
    assert np.array_equal(reading.images, torch.stack([image for part in by_torch.values() for image, _ in part]))
    assert np.array_equal(reading.images, optdigits.images[:60])
    assert reading.test.tolist() == [False] * 40 + [True] * 20


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.float16, torch.float32, torch.float64])
def test_tensors_of_any_type_that_share_a_storage_are_read(legacy, dtype, optdigits):
    whole = torch.from_numpy(optdigits.images[:60]).to(dtype)
    thing = [(whole[place], torch.tensor(int(label))) for place, label in enumerate(optdigits.labels[:60])]

    assert np.array_equal(read(torch_file(thing, legacy), "digits.pt").images, optdigits.images[:60])


def test_a_pair_of_tensors_is_read(optdigits):
    pair = torch.from_numpy(optdigits.images), torch.from_numpy(optdigits.labels)

    assert read(torch_file(pair), "training.pt").digits("mine").fingerprint == optdigits.fingerprint


def test_weights_are_no_digits():
    weights = torch.nn.Linear(4, 4).state_dict()

    with pytest.raises(Refusal, match="holds no digits"):
        read(torch_file(weights), "weights.pt")


def test_a_network_is_refused_by_the_name_of_its_class():
    with pytest.raises(Refusal, match=r"wants to call torch\.nn\.modules\.linear\.Linear"):
        read(torch_file(torch.nn.Linear(4, 4)), "model.pt")


def test_torchscript_is_refused():
    with pytest.raises(Refusal, match="TorchScript"):
        read(zipped({"m/data.pkl": b"\x80\x02N.", "m/constants.pkl": b"\x80\x02)."}), "model.pt")


def test_a_storage_that_is_not_there_is_missed(pairs):
    with zipfile.ZipFile(io.BytesIO(torch_file(pairs))) as archive:
        members = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/data/3")}

    with pytest.raises(Refusal, match=r"lacks .*data/3"):
        read(zipped(members), "digits.pt")


def test_a_storage_that_is_shorter_than_its_tensor_spoils_that_entry_alone(pairs):
    with zipfile.ZipFile(io.BytesIO(torch_file(pairs))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    short = next(name for name in members if name.endswith("/data/3"))
    reading = read(zipped(members | {short: b"123"}), "digits.pt")

    assert [(problem.entry, problem.reason) for problem in reading.problems] == [
        ("entry 3", "its tensor says to be larger than what the file holds of it")
    ]


def test_storages_that_are_named_again_and_again_count_as_often(pairs):
    """A zip's members may overlap: what counts is what was read, not what the file has."""
    data = torch_file([(torch.zeros(1000, 1000, dtype=torch.uint8), 3)] * 2)

    with pytest.raises(Refusal, match="pixels that are read"):
        read(data, "digits.pt", SMALL)
