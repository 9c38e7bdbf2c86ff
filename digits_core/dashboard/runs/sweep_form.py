"""The form that makes the plan of a sweep: filled with one click, with its size and time shown before it starts."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import streamlit as st

from digits_core.config import RunConfig, TrainingConfig, bounds
from digits_core.dashboard.folds import expander
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.read_only import change_button
from digits_core.dashboard.session import session_id
from digits_core.dashboard.set_controls import control_key, said_by, set_control, when_changed
from digits_core.dashboard.state import state
from digits_core.dashboard.training.sweep_recipes import AWAITED, CHOSEN
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError, DigitsError
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.knobs import knobs
from digits_core.layers.placed import LOGITS, named
from digits_core.layers.text import to_text
from digits_core.runs.speed_history import past_runs
from digits_core.settings import SETTINGS, SWEPT, default_of, is_number, title_of, values_of, written
from digits_core.training.check import choose_digits
from digits_core.training.estimate import PastRun, duration, estimate_mean
from digits_core.training.ready_sweeps import READY
from digits_core.training.recipes import LECTURE, RECIPES
from digits_core.training.sweep_plan import SweepPlan, Varied, foreseen, varied, varied_layers
from digits_core.training.threads import speed_of_trials, trials_at_once

METHODS = {"grid": "Grid", "random": "Random draws", "search": "Search"}
NAME, BASE, EPOCHS, FIELDS, METHOD = "sweep_name", "sweep_base", "sweep_epochs", "sweep_fields", "sweep_method"
TRIALS, POINTS, SEEDS, PRUNE = "sweep_trials", "sweep_points", "sweep_seeds", "sweep_prune"
LAYER, LAYER_FIELD, LAYER_VALUES = "sweep_layer_name", "sweep_layer_field", "sweep_layer_values"
READY_ONE, REFUSED, FILLED = "ready", "sweep_refused", "sweep_filled_with"
FIRST = "Learning rate from low to high"
"""The ready-made sweep that fills the form at first."""
MOST_FIELDS = 4


def _data_key(plan: SweepPlan) -> str:
    return f"data:{' + '.join(plan.base.data.train)}"


_ON_OTHER_DATA = {
    _data_key(each.plan): each.plan.base for each in READY.values() if each.plan.base.data != LECTURE.config.data
}
"""Base configs of the ready-made sweeps that use other data than the lecture's recipe."""


def sweep_form() -> None:
    """Draw the ready-made sweeps, the button that starts the sweep in the form, and the form, collapsed."""
    with st.container(key="main_action", gap="xsmall"):
        lesson = _start_from_a_ready_one()
        _give_defaults()
        plan = None
        try:
            plan = plan_of_form()
        except DigitsError as error:
            show_error(error)
        if refused := st.session_state.pop(REFUSED, None):
            show_error(refused)
        change_button(
            "Start the sweep",
            type="primary",
            icon=":material/play_arrow:",
            width="stretch",
            key="sweep_start",
            on_click=_start,
            disabled=plan is None,
            help="Trains one run for each combination, and draws what comes out." if plan else "Fix the error first.",
        )
        st.markdown(_size_in_words(plan) if plan else "Fix the error above first.")
    with st.container(key="settings", gap="xsmall"):
        expander("What to vary", "fold_sweep", _draw_form, icon=":material/tune:")
        st.caption(lesson)


def _draw_form() -> None:
    _choose_base()
    ranges = _choose_fields()
    _choose_method(ranges)
    st.text_input(
        "Name",
        key=control_key(NAME),
        persist_state="session",
        placeholder="what it varies",
        help="What the list of sweeps calls this one.",
    )


def _give_defaults() -> None:
    """Set the session's defaults for controls that have not been drawn yet."""
    for field in SWEPT:
        st.session_state.setdefault(control_key(_over(field)), _suggested(field))
    if said_by(BASE) not in _bases():
        set_control(BASE, f"recipe:{LECTURE.name}")  # the run was deleted


def _bases() -> dict[str, str]:
    """Return the bases of a sweep, recipes and runs, by control value with their titles."""
    runs = {f"run:{run.id}": f"As in {run.title}" for run in state().runs.runs()}
    ready = {key: f"{LECTURE.name}, on {key.partition(':')[2]}" for key in _ON_OTHER_DATA}
    return {f"recipe:{name}": name for name in RECIPES} | ready | runs


def fill(plan: SweepPlan) -> None:
    """Fill the controls with a plan. Must be called before they are drawn."""
    other, recipe = _data_key(plan), plan.base.recipe if plan.base.recipe in RECIPES else LECTURE.name
    values = {
        NAME: plan.name,
        METHOD: plan.method,
        FIELDS: list(plan.fields),
        TRIALS: plan.trials,
        POINTS: plan.points,
        SEEDS: plan.seeds,
        PRUNE: plan.stop_underperforming,
        BASE: other if other in _ON_OTHER_DATA else f"recipe:{recipe}",
        EPOCHS: plan.base.training.epochs,
    }
    for each in plan.varied:
        shown = partial(written, each.field)
        text = f"{shown(each.low)}..{shown(each.high)}" if each.is_range else ", ".join(map(shown, each.values))
        values[_over(each.field)] = text if is_number(each.field) else list(each.values)
    for name, value in values.items():
        set_control(name, value)


def plan_of_form() -> SweepPlan:
    """Return the plan in the form; raises `ConfigError` if it is invalid."""
    return SweepPlan(
        name=said_by(NAME),
        base=_base(),
        varied=tuple(_varied(field) for field in said_by(FIELDS)),
        method=said_by(METHOD),
        trials=said_by(TRIALS),
        points=said_by(POINTS),
        seeds=said_by(SEEDS),
        stop_underperforming=said_by(PRUNE),
    )


def _start_from_a_ready_one() -> str:
    """Draw the ready-made sweeps, fill the form once with the one chosen here or in the URL; return its lesson."""
    name = st.pills(
        "Start from a ready-made one",
        list(READY),
        default=FIRST,
        key=READY_ONE,
        bind="query-params",
        wrap=True,
        persist_state="session",
        help="A sweep fills the form with a question of the lecture. Change what you like afterwards.",
    )
    _fill_once(name)
    return READY[name].lesson if name else "Each run has another combination of what varies."


def _fill_once(name: str | None) -> None:
    """Fill the form with a ready-made sweep unless it was the last to do so; with `FIRST` if it was never filled."""
    if name and st.session_state.get(FILLED) != name:
        fill(READY[name].plan)
    st.session_state[FILLED] = name
    if control_key(FIELDS) not in st.session_state:
        fill(READY[FIRST].plan)


def _choose_base() -> None:
    options = _bases()
    left, right = st.columns([2, 1])
    left.selectbox(
        "Everything else as in",
        list(options),
        key=control_key(BASE),
        format_func=lambda name: options.get(name, name),
        on_change=when_changed(BASE, _take_its_epochs),
        persist_state="session",
        help="The recipe or run that all trials share their data, transform and other settings with: then a difference "
        "comes from what is varied.",
    )
    limits = bounds(TrainingConfig, "epochs")
    varied_too = "epochs" in said_by(FIELDS)
    right.number_input(
        "Epochs",
        int(limits.low),
        int(limits.high),
        key=control_key(EPOCHS),
        persist_state="session",
        disabled=varied_too,
        help="Epochs are varied below." if varied_too else SETTINGS["epochs"].help,
    )


def _choose_fields() -> bool:
    """Draw the choice of the varied settings and their values; return True if any of them is a range."""
    st.multiselect(
        "Vary",
        SWEPT,
        key=control_key(FIELDS),
        format_func=title_of,
        max_selections=MOST_FIELDS,
        persist_state="session",
        wrap=True,
        placeholder="choose one or more settings",
        help="Each run has another combination of these. Of two settings the result is drawn as a map, of one as a "
        "line.",
    )
    for field in said_by(FIELDS):
        if is_number(field):
            st.text_input(
                title_of(field),
                key=control_key(_over(field)),
                persist_state="session",
                help=f"{SETTINGS[field].help} Write values with commas between them, or a "
                "range as 0.001..0.1. A range over a factor of ten or more is looked at on a logarithmic scale: as "
                "many values between 0.001 and 0.01 as between 0.01 and 0.1.",
            )
        else:
            if field == "layers":
                _vary_a_layer()
            st.multiselect(
                title_of(field),
                list(dict.fromkeys([*values_of(field), *_saved_ones(field), *said_by(_over(field))])),
                key=control_key(_over(field)),
                persist_state="session",
                wrap=True,
                format_func=partial(written, field),
                help=SETTINGS[field].help,
            )
    return any(".." in str(said_by(_over(field))) for field in said_by(FIELDS))


def _saved_ones(field: str) -> list[str]:
    """Return the saved networks if the field is `layers`, otherwise an empty list."""
    return [to_text(saved.config.layers) for saved in state().networks.all()] if field == "layers" else []


def _vary_a_layer() -> None:
    """Draw the controls that add networks that differ in one layer to the compared ones."""
    network = _base().network
    names = named((*network.layers, FullyConnected(LOGITS)))[:-1]
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="sweep_layer"):
        name = st.selectbox("Layer", names, key=LAYER, persist_state="page", help="A layer of the network of the base.")
        known = knobs(type(network.layers[names.index(name)]))
        st.selectbox("What to vary of it", [knob.field for knob in known], key=LAYER_FIELD, persist_state="page")
        text = st.text_input(
            "Values", key=LAYER_VALUES, persist_state="session", placeholder="4, 8, 16", help="Commas between them."
        )
        st.button("Add these networks", on_click=_add_networks, disabled=not text.strip())


def _add_networks() -> None:
    session = st.session_state
    try:
        values = varied_layers(
            _base().network, {f"{session[LAYER]}.{session[LAYER_FIELD]}": session[LAYER_VALUES]}
        ).values
    except ConfigError as error:
        session[REFUSED] = error
    else:
        before = said_by(_over("layers"))
        kept = [] if before == values_of("layers") else before
        set_control(_over("layers"), list(dict.fromkeys([*kept, *values])))


def _choose_method(ranges: bool) -> None:
    st.segmented_control(
        "How",
        list(METHODS),
        key=control_key(METHOD),
        format_func=METHODS.__getitem__,
        required=True,
        persist_state="session",
        help="A grid tries every combination. Random draws find good settings with fewer runs where only some of the "
        "settings matter. A search draws at first, then tries what the results so far speak for (Optuna's TPE).",
    )
    grid = said_by(METHOD) == "grid"
    left, right = st.columns(2)
    if grid:
        left.number_input(
            "Grid points per range",
            2,
            20,
            key=control_key(POINTS),
            disabled=not ranges,
            persist_state="session",
            help="At how many values, equally far from each other, the grid looks."
            if ranges
            else "Nothing here is a range: write one as 0.001..0.1.",
        )
    else:
        left.number_input(
            "Settings to try",
            1,
            500,
            key=control_key(TRIALS),
            persist_state="session",
            help="How many combinations are tried. The more settings vary, the more it takes.",
        )
    right.number_input(
        "Seeds",
        1,
        20,
        key=control_key(SEEDS),
        persist_state="session",
        help="Each combination is trained with this many seeds: other starting weights, another order. If the seeds "
        "of one differ as much as two combinations do, the difference between these is chance.",
    )
    st.toggle(
        "Stop underperforming runs early",
        key=control_key(PRUNE),
        persist_state="session",
        help="From the second epoch on, a run is stopped when its accuracy is below the median of the others after as "
        "many epochs. That saves time, but is hard on runs that start slowly, such as those with a one-cycle schedule.",
    )


def _start() -> None:
    # The click may come right after another sweep was chosen: start that one.
    _fill_once(st.session_state[READY_ONE])
    try:
        sweep = state().conductor.start(plan_of_form(), session_id())
    except DigitsError as error:
        st.session_state[REFUSED] = error
        return
    st.session_state[CHOSEN] = st.session_state[AWAITED] = sweep.id


def _base() -> RunConfig:
    config = _chosen_base()
    return config.replace(name="", training=config.training.replace(epochs=said_by(EPOCHS)))


def _chosen_base() -> RunConfig:
    if (key := said_by(BASE)) in _ON_OTHER_DATA:
        return _ON_OTHER_DATA[key]
    kind, _, name = key.partition(":")
    return RECIPES[name].config if kind == "recipe" else state().runs.get(name).plan


def _take_its_epochs(_base: str) -> None:
    set_control(EPOCHS, _chosen_base().training.epochs)


def _varied(field: str) -> Varied:
    said = said_by(_over(field))
    return varied(field, said) if is_number(field) else Varied(field=field, values=said)


def _size_in_words(plan: SweepPlan) -> str:
    """Format size and estimated time as Markdown: `**12 runs** (6 settings × 2 seeds) · about 40 s`."""
    runs = f"**{plan.size} {'run' if plan.size == 1 else 'runs'}**"
    detail = f" ({plan.settings_count} settings × {plan.seeds} seeds)" if plan.seeds > 1 else ""
    at_once = trials_at_once()
    if (each := _seconds_each(plan)) is None:
        return f":material/timer: {runs}{detail} · how long they take shows once a run like them has been trained here"
    together = f", {at_once} at a time" if at_once > 1 else ", one after another"
    return f":material/timer: {runs}{detail} · about **{duration(each * plan.size / speed_of_trials())}**{together}"


def _seconds_each(plan: SweepPlan) -> float | None:
    """Estimate the mean time of the sweep's runs, in seconds, from earlier runs; `None` if that is not possible."""
    try:
        train, test = choose_digits(plan.base.data, load_digits)
    except DigitsError:
        return None  # starting the sweep reports what is wrong with the data
    images = sum(int((~each.test).sum()) for each in train), sum(int(each.test.sum()) for each in test)
    past = _past_runs(str(state().home.folder), state().runs.cursor())
    return estimate_mean(foreseen(plan), *images, past)


@lru_cache(maxsize=4)
def _past_runs(folder: str, cursor: int) -> tuple[PastRun, ...]:
    """Return earlier runs; the arguments are cache keys that identify the state of the store."""
    return past_runs(state().runs)


def _suggested(field: str) -> Any:
    """Return the values over which a field is varied by default."""
    if not is_number(field):
        return values_of(field)
    return SETTINGS[field].values or written(field, default_of(field))


def _over(field: str) -> str:
    """Return the name of the control that holds the values over which a field is varied."""
    return f"sweep_over_{field}"
