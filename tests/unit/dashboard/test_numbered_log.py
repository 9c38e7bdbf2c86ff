"""Entries of a log are gone through in their order, each once, whatever a browser sends beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from digits_core.dashboard.numbered_log import entries_after

ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.text(max_size=3),
    lambda each: some.lists(each, max_size=4) | some.dictionaries(some.just("seq") | some.text(max_size=3), each),
)


def entry(seq: int) -> dict[str, int]:
    return {"seq": seq}


def test_all_that_arrives_at_once_comes_in_its_order_and_what_is_sent_again_does_not():
    assert list(entries_after(5, [entry(5), entry(6), entry(9)])) == [entry(6), entry(9)]
    assert list(entries_after(0, [entry(6), entry(6), entry(5)])) == [entry(6)]


@pytest.mark.parametrize("sent", [None, 7, "log", {}, [7], [[]], [{}], [{"seq": "9"}], [{"seq": None}]])
def test_what_is_no_entry_is_skipped(sent):
    assert list(entries_after(0, sent)) == []


@given(ANYTHING)
def test_numbers_go_up_whatever_is_sent(sent):
    numbers = [each["seq"] for each in entries_after(0, sent)]
    assert numbers == sorted(set(numbers))
    assert all(number > 0 for number in numbers)
