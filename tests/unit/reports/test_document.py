"""A document of a report: words are text, paragraphs are kept, nothing is loaded and nothing runs."""

import pytest

from digits_core.markup import Html
from digits_core.reports.document import POLICY, Section, document, paragraphs
from tests.unit.reports.reading import HOSTILE, Seen


def test_an_empty_line_begins_a_paragraph_and_a_line_break_stays():
    assert paragraphs("One\r\n\r\n\n two \nlines\n\n\n") == ('<p class="text">One</p><p class="text">two <br>lines</p>')


@pytest.mark.parametrize("text", ["", "  \n\n \t"])
def test_without_words_there_is_no_paragraph(text):
    assert paragraphs(text) == ""


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_title_name_headings_and_words_are_text(text):
    calm = Seen(document("title", "name", [Section("heading", paragraphs("words"))]))
    seen = Seen(document(text, text, [Section(text, paragraphs(text))]))

    assert seen.tags == calm.tags
    assert [name for name, _ in seen.attributes] == [name for name, _ in calm.attributes]
    assert seen.words.count(text.replace("\ud800", "?")) >= 4


def test_a_section_without_a_title_has_no_heading():
    seen = Seen(document("title", "", [Section("", Html("<p>one</p>")), Section("Two", Html("<p>two</p>"))]))

    assert seen.tags.count("h2") == 1


def test_the_policy_lets_no_program_run_and_nothing_be_loaded():
    content = document("title", "", [])

    assert f'content="{POLICY}"'.encode() in content
    assert POLICY.startswith("default-src 'none';")
    assert "script-src" not in POLICY
    assert "http" not in POLICY
