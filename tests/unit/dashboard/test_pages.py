"""The flow: eight pages, each with its own place, each leading to the next."""

from digits_core.dashboard.pages import PAGES, following


def test_the_pages_stand_in_the_order_of_the_flow() -> None:
    walked = ["lessons"]
    while after := following(walked[-1]):
        walked.append(after)

    assert walked == ["lessons", "data", "handwriting", "transforms", "network", "training", "runs", "recognise"]


def test_every_page_has_its_file_and_an_address_of_its_own() -> None:
    assert [name for name, entry in PAGES.items() if not entry.file.is_file()] == []
    assert len({entry.url_path for entry in PAGES.values()}) == len(PAGES)
