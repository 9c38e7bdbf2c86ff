"""The label in a file's name: taken where the name is clear, left to the person where it is not."""

import pytest

from digits_core.data.file_labels import label_in


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("7.png", 7),
        ("digit_7_03.jpg", 7),
        ("anna-3.png", 3),
        ("0.jpeg", 0),
        ("five 5.webp", 5),
        ("anna3.png", 3),
        ("label-4-of-9.png", 4),
        ("digit2_sample_8.png", 2),
        ("7 (2).png", 7),
        ("7 - Copy (3).png", 7),
        ("7_7.png", 7),
        ("3/8.png", 8),
        ("C:\\scans\\6.bmp", 6),
        ("6", 6),
        ("img_7_2031.png", None),
        ("scan 4, digit 9.tif", 9),
    ],
)
def test_a_clear_name_says_the_label(name, label):
    assert label_in(name) == label


@pytest.mark.parametrize(
    "name",
    ["", "anna.png", "3-5.png", "IMG_2034.jpg", "IMG_3.jpg", "scan4.png", "0007.png", "12.png", "٣.png", "²a.png"],
)
def test_an_unclear_name_says_nothing(name):
    assert label_in(name) is None
