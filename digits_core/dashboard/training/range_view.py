"""Find a learning rate: a short test over a whole range, its curve, and a suggestion to put into the form."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from digits_core.config import RunConfig
from digits_core.dashboard.background_jobs import Jobs, awaited
from digits_core.dashboard.charts import show_chart
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.state import state
from digits_core.dashboard.training.form import config_of_form, fill_undoably
from digits_core.dashboard.widgets import show_error
from digits_core.data.statistics.chunks import Report
from digits_core.errors import ConfigError, DigitsError
from digits_core.settings import written_out
from digits_core.training.check import choose_digits, prepared
from digits_core.training.config_fields import with_fields

if TYPE_CHECKING:
    from digits_core.training.range_test import RangeTest

TESTED = "range_tested"
_JOBS: Jobs[RangeTest] = Jobs()


def show(config: RunConfig) -> None:
    """Draw the expander for the config of the form."""
    st.caption(
        "One short training in which the learning rate rises from batch to batch: too low, and the loss stays; too "
        "high, and it explodes. Where it falls, well below where it is lowest, is a good rate to begin with."
    )
    asked = _asked(config)
    change_button(
        "Test the learning rates",
        icon=":material/troubleshoot:",
        on_click=_ask,
        disabled=st.session_state.get(TESTED) == asked,
    )
    if TESTED not in st.session_state:
        return
    if st.session_state[TESTED] != asked:
        st.caption("The settings have changed since the last test.")
        return
    try:
        ready = prepared(asked, load_digits)
        train, _ = choose_digits(ready.data, load_digits)
    except DigitsError as error:
        show_error(error)
        return

    def compute(report: Report) -> RangeTest:
        from digits_core.training.range_test import range_test

        return range_test(ready, train, report)

    key = f"{state().home.folder} {ready.to_json()}"
    if found := awaited(_JOBS, key, compute, "Testing the learning rates"):
        _show(found, config)


def _show(found: RangeTest, config: RunConfig) -> None:
    from digits_core.figures.training_figures import range_of_rates

    rate = found.suggestion
    words = f"suggested {written_out(rate)}" if rate else "the loss never falls"
    chart = range_of_rates(found.rates, found.losses, found.smoothed, rate)
    show_chart(chart, "range_test", f"Loss by learning rate: {words}")
    if rate is None:
        st.info("The loss falls at no rate: this network does not begin to learn. Change its layers or its start.")
        return
    text = written_out(rate)
    st.button(
        f"Apply {text}",
        icon=":material/auto_fix_high:",
        key="apply_rate",
        on_click=_apply,
        args=(rate,),
        disabled=config.training.learning_rate == rate,
        help="Fills the form with this learning rate. It can be undone.",
    )


def _asked(config: RunConfig) -> RunConfig:
    """Return the config that is tested; it does not depend on the form's name, recipe, learning rate and epochs."""
    return config.replace(name="", recipe="", training=config.training.replace(learning_rate=0.001, epochs=1))


def _ask() -> None:
    with suppress(ConfigError):  # the form says why
        st.session_state[TESTED] = _asked(config_of_form())


def _apply(rate: float) -> None:
    with suppress(ConfigError):  # the form says why
        config = config_of_form()
        before = written_out(config.training.learning_rate)
        what = f"From the test: learning rate {before} → {written_out(rate)}."
        fill_undoably(with_fields(config, {"learning_rate": rate}), config, what)
