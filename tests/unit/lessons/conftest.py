"""What the tests of hand-ins share: a home with a lesson and a run, trained once."""

import pytest

from tests.unit.lessons.hand_ins import School, school_in


@pytest.fixture(scope="session")
def school(tmp_path_factory) -> School:
    """For reading only."""
    return school_in(tmp_path_factory.mktemp("school"))


@pytest.fixture(scope="session")
def hand_in(school) -> bytes:
    """A hand-in as the app makes it."""
    return school.hand_in()
