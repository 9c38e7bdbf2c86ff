"""What a run reads in a picture, the same as in the app and in the shell."""

import json

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

import digits_core as dl
from digits_core.__main__ import main
from digits_core.errors import PictureError


def seven(paper: str = "white", pen: str = "black") -> Image.Image:
    picture = Image.new("L", (200, 200), paper)
    ImageDraw.Draw(picture).line([(50, 40), (150, 40), (90, 165)], fill=pen, width=14, joint="curve")
    return picture


@pytest.fixture
def starter(filled):
    return dl.run("best")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "seven.png"
    seven().save(path)
    return path


def test_it_reads_as_the_shell_does(starter, file, capsys):
    assert main(["recognise", str(file), "--run", starter.id, "--one", "--json"]) == 0
    (shell,) = json.loads(capsys.readouterr().out)["digits"]
    answer = starter.predict(file)

    assert answer.digit == shell["digit"] == 7
    assert answer.is_digit == shell["is_digit"]
    np.testing.assert_allclose(answer.probabilities, shell["probabilities"], atol=1e-6)


@pytest.mark.parametrize(
    "given",
    [
        lambda picture, file: picture,
        lambda picture, file: str(file),
        lambda picture, file: np.asarray(picture),
        lambda picture, file: np.asarray(picture) / 255,
        lambda picture, file: np.asarray(picture.convert("RGB")),
        lambda picture, file: torch.from_numpy(np.array(picture))[None],
    ],
    ids=["picture", "path", "array", "fractions", "colours", "tensor"],
)
def test_a_picture_comes_in_any_form(starter, file, given):
    expected = starter.predict(file)
    answer = starter.predict(given(seven(), file))

    assert answer.digit == 7
    np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-4)


def test_a_sample_of_a_dataset_is_read_as_in_the_test_of_the_run(trained):
    digits = dl.load("optdigits").test
    images, _ = digits.tensors(trained.config)
    with torch.no_grad():
        expected = trained.network()(images[:40]).softmax(dim=1).numpy()
    found = [trained.predict(image).probabilities for image, _ in digits[:40]]

    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_light_ink_on_a_dark_ground_is_read_too(starter):
    assert starter.predict(seven("black", "white")).digit == 7


def test_several_digits_are_found_when_asked_for(starter):
    paper = Image.new("L", (460, 200), "white")
    for left in (0, 240):
        paper.paste(seven(), (left, 0))
    answer = starter.predict(paper, way="many")

    assert (answer.text, len(answer), answer[1].digit) == ("77", 2, 7)
    assert answer._repr_html_().count("<img") == 2
    with pytest.raises(PictureError, match="2 digits were found, 77"):
        _ = answer.digit


def test_it_shows_what_the_network_saw_and_how_sure_it_was(starter):
    answer = starter.predict(seven())
    html = answer._repr_html_()

    assert "#1 Starter reads 7" in html
    assert html.count("<img") == 1
    assert f"{answer.probability:.1%}" in html
    assert (answer.seen.shape, answer.seen.dtype) == ((28, 28), np.uint8)
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("there/is/none.png", "cannot be opened"),
        (Image.new("L", (90, 90), "white"), "shows no ink"),
        (None, "A NoneType is not a picture"),
        (7, "has the shape"),
        ([[1, 2], [3]], "cannot be read as an array"),
        (np.zeros((2, 3, 4, 5)), "has the shape"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(starter, given, message):
    with pytest.raises(PictureError, match=message) as caught:
        starter.predict(given)
    assert "\n" not in str(caught.value)
