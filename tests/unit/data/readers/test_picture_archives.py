"""A zip of pictures in folders 0 to 9, and what people put beside them."""

import io

import numpy as np
import pytest
from PIL import Image

from digits_core.data.readers.file_contents import Problem, Refusal
from digits_core.data.readers.picture_archives import fitted
from tests.unit.data.readers.helpers import png, read, zipped

pytestmark = pytest.mark.usefixtures("bounded_memory")


@pytest.fixture(scope="module")
def few(mnist_5k):
    chosen = np.linspace(0, 4999, 20).astype(int)
    return mnist_5k.images[chosen], mnist_5k.labels[chosen]


def members(few, prefix: str = "") -> dict[str, bytes]:
    return {f"{prefix}{label}/{n}.png": png(image) for n, (image, label) in enumerate(zip(*few, strict=True))}


def test_folders_are_labels_and_pictures_of_one_size_stay_as_they_are(few):
    reading = read(zipped(members(few)), "digits.zip")

    assert reading.format == "Pictures in folders"
    assert sorted(reading.labels) == sorted(few[1])
    assert {image.tobytes() for image in reading.images} == {image.tobytes() for image in few[0]}
    assert reading.test is None


def test_folders_train_and_test_are_the_split(few):
    half = [part[:12] for part in few], [part[12:] for part in few]
    reading = read(zipped(members(half[0], "my digits/train/") | members(half[1], "my digits/test/")), "digits.zip")

    assert np.count_nonzero(reading.test) == 8
    assert set(reading.labels[reading.test]) == set(half[1][1])


def test_dark_ink_on_light_paper_is_inverted(few):
    reading = read(zipped(members((255 - few[0], few[1]))), "digits.zip")

    assert {image.tobytes() for image in reading.images} == {image.tobytes() for image in few[0]}
    assert "Inverted: the file has dark ink on light paper." in reading.changes


def test_pictures_of_different_sizes_are_fitted_and_it_is_said(few):
    drawn = members(few) | {"1/tall.png": png(np.full((80, 20), 9, np.uint8))}
    reading = read(zipped(drawn), "digits.zip")

    assert reading.images.shape == (21, 28, 28)
    assert "Pictures of 2 sizes are fitted into 28 × 28 pixels, proportions kept." in reading.changes


@pytest.mark.parametrize(("height", "width"), [(80, 20), (20, 80), (28, 28), (300, 280), (15, 14)])
def test_fitting_keeps_proportions_and_paper(height, width):
    paper = 230
    image = np.full((height, width), paper, np.uint8)
    image[1:-1, 1:-1] = 20
    square = fitted(image)
    ink = square < 128
    rows, columns = ink.any(axis=1).sum(), ink.any(axis=0).sum()

    assert square.shape == (28, 28)
    assert max(rows, columns) == pytest.approx(28 * (1 - 2 / max(height, width)), abs=2)
    assert rows / columns == pytest.approx((height - 2) / (width - 2), rel=0.2)
    assert square.max() == paper


@pytest.mark.parametrize("shape", [(1000, 4), (4, 1000)])
def test_even_a_line_is_fitted(shape):
    assert fitted(np.zeros(shape, np.uint8)).shape == (28, 28)


WRONG = {
    "no picture": (b"not a picture", "it is not a picture that can be read"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is not a picture that can be read"),
    "a program": (b"\x7fELF" + b"\0" * 100, "it is not a picture that can be read"),
    "an empty file": (b"", "it is empty"),
    "half a picture": (png((np.arange(784) % 251).astype(np.uint8).reshape(28, 28))[:-40], "it is damaged or cut off"),
    "a bomb": (png(np.zeros((5000, 5000), np.uint8)), "has more than 1 million pixels"),
    "a wide one": (png(np.zeros((10, 5000), np.uint8)), "it is 5,000 × 10 pixels; 1,024 a side are read"),
    "one pixel": (png(np.zeros((1, 1), np.uint8)), "it is 1 × 1 pixels, too small for a digit"),
}


@pytest.mark.parametrize(("data", "reason"), WRONG.values(), ids=WRONG)
def test_a_picture_that_is_none_is_named(data, reason, few):
    reading = read(zipped(members(few) | {"3/scan.png": data}), "digits.zip")

    assert [problem.entry for problem in reading.problems] == ["3/scan.png"]
    assert reason in reading.problems[0].reason
    assert len(reading.images) == 20


def test_what_systems_leave_in_zips_is_overlooked_and_strangers_are_named(few):
    extra = {
        "__MACOSX/3/._1.png": b"x",
        "3/.DS_Store": b"x",
        "3/Thumbs.db": b"x",
        "readme.txt": b"x",
        "notes/x.png": b"x",
        "3/more.zip": b"x",
    }
    reading = read(zipped(members(few) | extra), "digits.zip")

    assert reading.problems == (
        Problem("3/more.zip", "it is an archive inside the archive, which is not opened"),
        Problem("notes/x.png", "it is in no folder named 0 to 9"),
    )


@pytest.mark.parametrize("name", ["0/²1.png", "0/" + "7" * 5000 + ".png", "0/\u0663.png"])
def test_names_of_any_kind_are_only_names(name, few):
    reading = read(zipped(members(few) | {name: png(few[0][0])}), "digits.zip")

    assert len(reading.images) == 21


def test_entries_are_in_the_order_that_people_count_in(few):
    names = ["3/2.png", "3/10.png", "3/1.png"]
    reading = read(zipped({name: png(image) for name, image in zip(names, few[0][:3], strict=True)}), "digits.zip")

    assert np.array_equal(reading.images, few[0][[2, 0, 1]])


@pytest.mark.parametrize("names", [["a.png", "b.png"], ["12/a.png", "x/1.png"], ["x.zip", "y.zip"], ["train.txt", "a"]])
def test_a_zip_without_folders_of_digits_is_refused(names):
    with pytest.raises(Refusal, match="no pictures in folders named 0 to 9"):
        read(zipped({name: png(np.zeros((28, 28), np.uint8)) for name in names}), "digits.zip")


def test_many_kinds_of_picture_are_read(few):
    files = {}
    for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"):
        file = io.BytesIO()
        Image.fromarray(few[0][0]).save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
        files[f"{few[1][0]}/picture.{kind.lower()}"] = file.getvalue()
    reading = read(zipped(files), "digits.zip")

    assert (len(reading.images), reading.problem_count) == (6, 0)
    assert np.abs(reading.images.astype(int) - few[0][0]).mean() < 4
