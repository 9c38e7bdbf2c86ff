"""Find a learning rate, on the page: the test runs, its suggestion goes into the form, and comes out again."""

import time

from tests.pages.controls import setting


def after_a_test(page):
    """Press the button and wait for the curve."""
    next(button for button in page.button if button.label == "Test the learning rates").click().run()
    for _ in range(60):
        if any(button.key == "apply_rate" for button in page.button):
            return page
        assert not page.exception
        assert not page.error
        time.sleep(0.5)
        page.run()
    raise AssertionError("no suggestion came")


def test_the_suggestion_goes_into_the_form_and_is_undone(open_page):
    page = after_a_test(open_page("training", unfolded=["fold_range"]))

    assert not page.exception
    page.button(key="apply_rate").click().run()
    rate = page.session_state["form_config"].training.learning_rate
    assert 1e-4 < rate < 1e-1
    assert rate != 0.001
    page.button(key="undo_hint").click().run()
    assert page.session_state["form_config"].training.learning_rate == 0.001


def test_other_settings_ask_for_another_test(open_page):
    page = after_a_test(open_page("training", unfolded=["fold_range"]))
    setting(page, "batch_size").set_value(64).run()

    assert not page.exception
    assert any("The settings have changed" in caption.value for caption in page.caption)
