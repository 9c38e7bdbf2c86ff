"""Pictures of transforms hold the pixels that they were given."""

import numpy as np

from digits_core.figures.transform_figures import ENLARGED, FRAME_COLOUR, means, mosaic


def test_a_mosaic_holds_every_image_and_frames_the_first():
    images = np.arange(12, dtype=np.uint8)[:, None, None] * np.ones((12, 8, 8), np.uint8) * 20
    sheet = mosaic(images, columns=5)
    opaque = sheet[sheet[..., 3] == 255]
    framed = (opaque[:, :3] == FRAME_COLOUR[:3]).all(axis=1)

    assert sheet.shape[0] // 3 == sheet.shape[1] // 5
    assert (~framed).sum() == 12 * (8 * ENLARGED) ** 2
    assert framed.sum() == (10 * ENLARGED) ** 2 - (8 * ENLARGED) ** 2
    assert {*opaque[~framed][:, 0].tolist()} == {20 * place for place in range(12)}


def test_the_means_say_how_many_images_they_are_of_and_show_each_twice():
    before = np.arange(1.0, 12)[:, None, None] * np.ones((11, 10, 10))
    chart = means(before, before * 2, 1234)
    values = [value for line in chart.data[0].z for value in line if value is not None]

    assert "n = 1,234" in chart.layout.title.text
    assert [note.text for note in chart.layout.annotations] == ["all", *map(str, range(10))]
    assert sum(values) == 100 * 3 * sum(range(1, 12))
