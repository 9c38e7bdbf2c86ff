"""A trained network for other programs: onnxruntime gives the same logits, TensorBoard shows the same curves."""

import numpy as np
import pytest
import torch

from digits_core.config import DataConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.errors import ExportError
from digits_core.runs.export import onnx, tensorboard
from digits_core.runs.export.files import Export
from tests.unit.networks import improved_net


@pytest.mark.parametrize("size", [28, 13])
def test_onnxruntime_gives_the_networks_logits_for_any_number_of_images(size):
    onnxruntime = pytest.importorskip("onnxruntime")
    network = improved_net(size, 0.3, seed=3).eval()
    config = RunConfig(transform=TransformConfig(size=size, mean=0.13, std=0.31))
    # A file of weights has them in an order of its own.
    weights = {name: values.numpy() for name, values in reversed(network.state_dict().items())}

    session = onnxruntime.InferenceSession(onnx.as_onnx(config, weights))

    for count in (1, 7):
        images = torch.randn(count, 1, size, size, generator=torch.Generator().manual_seed(count))
        (logits,) = session.run(["logits"], {"images": images.numpy()})
        with torch.no_grad():
            np.testing.assert_allclose(logits, network(images).numpy(), atol=1e-5)
    metadata = session.get_modelmeta().custom_metadata_map
    assert (metadata["mean"], metadata["std"]) == ("0.13", "0.31")
    assert RunConfig.from_json(metadata["config"]) == config


@pytest.fixture
def export(train, store, artifacts, few_optdigits) -> Export:
    load = {"optdigits": few_optdigits}.__getitem__
    config = RunConfig(data=DataConfig(), training=TrainingConfig(epochs=3, batch_size=64))
    return Export(train(config, load).run.id, store, artifacts, load)


def test_tensorboard_reads_back_every_figure_of_every_epoch(export, tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    ((path, content),) = export.tensorboard().items()
    (tmp_path / path).parent.mkdir()
    (tmp_path / path).write_bytes(content)

    events = reader.EventAccumulator(str((tmp_path / path).parent)).Reload()

    for field, tag in tensorboard.TAGS.items():
        read = [(event.step, event.value) for event in events.Scalars(tag)]
        wanted = [(epoch.epoch, np.float32(getattr(epoch, field))) for epoch in export.history.epochs]
        assert read == wanted
    times = [event.wall_time for event in events.Scalars("loss/test")]
    assert times == sorted(times)
    assert events.PluginTagToContent("hparams")


def test_an_event_file_does_not_say_which_machine_made_it(export):
    import platform

    ((path, content),) = export.tensorboard().items()

    assert "tfevents" in path
    assert platform.node().encode() not in path.encode() + content


@pytest.mark.parametrize(("module", "form"), [(onnx, "onnx"), (tensorboard, "tensorboard")])
def test_without_the_package_the_person_learns_which_one_is_missing(export, monkeypatch, module, form):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(ExportError, match=f"pip install {form}"):
        getattr(export, form)()
