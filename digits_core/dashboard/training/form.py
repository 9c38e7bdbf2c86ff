"""The form that makes a `RunConfig`: filled by a recipe, an earlier run, a link or a hint; the URL reflects it.

Controls that a link hides keep the values that the link or its recipe gave them.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from digits_core.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig, TransformConfig
from digits_core.dashboard import page_address
from digits_core.dashboard.folds import expander
from digits_core.dashboard.hiding import hidden
from digits_core.dashboard.loaders import load_digits
from digits_core.dashboard.set_controls import control_key, said_by, set_control, when_changed
from digits_core.dashboard.state import state
from digits_core.dashboard.training.setting_controls import MAIN, MORE, key_of, set_setting, training_control
from digits_core.dashboard.transforms.choice import choose_transform
from digits_core.dashboard.widgets import show_error
from digits_core.errors import ConfigError
from digits_core.settings import SECTION_OF, SETTINGS, label_of, title_of
from digits_core.training.config_fields import Query, carries_config, from_query, to_query
from digits_core.training.recipes import LECTURE, RECIPES, Recipe

DATA_FIELDS = ("train", "test", "test_writers")
GROUPS = {
    "start": ("recipe", "as_in_run"),
    "data": DATA_FIELDS,
    "transform": ("transform",),
    "more": MORE,
    "share": ("share",),
}
"""Groups of controls that a link can hide by one name, in addition to single controls."""
HIDEABLE = {
    "start": "Recipe and earlier runs (start)",
    "data": "Datasets (data)",
    "more": "More settings (more)",
    "share": "Copy, paste, send (share)",
} | {name: title_of(name) for name in ("recipe", "as_in_run", *DATA_FIELDS, "transform", *MAIN, *MORE, "name")}
"""Everything that a link can hide, with its title."""
TRANSFORM_FIELDS = frozenset(TransformConfig.model_fields)
NETWORK_FIELDS = frozenset({"size", *NetworkConfig.model_fields})
ADDRESS, TRANSFORM, REFUSED = "form_address", "form_transform", "form_refused"
UNDO = "form_undo"
RECIPE, AS_IN_RUN, NAME = "recipe", "as_in_run", "run_name"
"""The names of the controls that do not belong to a setting."""


def choose_start() -> RunConfig:
    """Draw the controls that a training starts from, and return the config of the form; raises `ConfigError` if it is
    invalid.

    The form's values are put into the session before its other controls are drawn.
    """
    _follow_address()
    _choose_recipe()
    _say_what_was_refused()
    config = config_of_form()
    _write_address(config, bool(hidden()))
    return config


def config_of_form() -> RunConfig:
    """Return the config of the form, also in a callback; raises `ConfigError` if a field is invalid."""
    session = st.session_state
    return RunConfig(
        name=session.get(control_key(NAME), ""),
        recipe=said_by(RECIPE),
        data=DataConfig(**_data_in_form()),
        transform=session[TRANSFORM],
        network=NetworkConfig(**{field: session[key_of(field)] for field in NetworkConfig.model_fields}),
        training=TrainingConfig(**{field: session[key_of(field)] for field in TrainingConfig.model_fields}),
    )


def draw_main_settings() -> None:
    """Draw the settings that a course covers first."""
    hidden = hidden_controls()
    with st.container(key="main_settings", gap="xsmall"):
        _controls([field for field in MAIN if field not in hidden])


def draw_folded_settings() -> None:
    """Draw the expanders with all other settings, whose content runs while they are open."""
    hidden, recipe = hidden_controls(), RECIPES[said_by(RECIPE)]
    if shown := [field for field in (*DATA_FIELDS, "transform", "as_in_run") if field not in hidden]:
        expander(_title_of_data(shown), "fold_data", lambda: _draw_data(shown, recipe), icon=":material/dataset:")
    if more := [field for field in (*MORE, "name") if field not in hidden]:
        expander("More settings", "fold_more", lambda: _draw_more(more, recipe), icon=":material/tune:")


def fill(config: RunConfig) -> None:
    """Put a config into the controls. Call it before they are drawn, for example in a callback."""
    session = st.session_state
    set_control(RECIPE, config.recipe if config.recipe in RECIPES else LECTURE.name)
    for field, value in {**dict(config.network), **dict(config.training)}.items():
        set_setting(field, value)
    for field in DATA_FIELDS:
        set_setting(field, list(getattr(config.data, field)))
    session[TRANSFORM] = config.transform
    set_control(NAME, config.name)
    for left_over in (REFUSED, UNDO):
        session.pop(left_over, None)


def fill_undoably(config: RunConfig, before: RunConfig, what: str) -> None:
    """Fill the form, and offer below it to restore `before`; `what` says what was done."""
    fill(config)
    st.session_state[UNDO] = (before, what)


def offer_undo() -> None:
    """Show what a hint has changed in the form, with the button that undoes it."""
    if UNDO in st.session_state:
        before, what = st.session_state[UNDO]
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(what, width="stretch")
            st.button("Undo", icon=":material/undo:", key="undo_hint", on_click=fill, args=(before,))


def check_known(config: RunConfig) -> RunConfig:
    """Return the config; raises `ConfigError` if it names an unknown dataset."""
    known = [entry.name for entry in state().catalogue.entries()]
    if unknown := [name for name in (*config.data.train, *config.data.test) if name not in known]:
        names = ", ".join(repr(name) for name in dict.fromkeys(unknown))
        raise ConfigError(f"There is no dataset {names} here. There are: {', '.join(known)}.")
    return config


def hidden_controls() -> set[str]:
    """Return the controls that the link to this page hides, groups expanded."""
    return {control for name in hidden() for control in GROUPS.get(name, (name,))}


def _follow_address() -> None:
    """Fill the form from the URL after a link was followed, and with the lecture's recipe on the first visit."""
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    if carries_config(query) and page_address.is_new(_is_ours, ADDRESS):
        st.session_state[ADDRESS] = page_address.said(_is_ours)
        try:
            fill(_as_asked(query))
        except ConfigError as error:
            _fill_at_first()
            st.session_state[REFUSED] = error
    _fill_at_first()


def _as_asked(query: Query) -> RunConfig:
    """Return the config of an address. A mere transform, or network with its image size, keeps the rest of the form."""
    config = check_known(from_query(query))
    before: RunConfig | None = st.session_state.get("form_config")
    named = {name for name in query if _is_ours(name)}
    if before is not None and named <= TRANSFORM_FIELDS:
        return before.replace(transform=config.transform)
    if before is not None and named <= NETWORK_FIELDS:
        return before.replace(network=config.network, transform=before.transform.replace(size=config.transform.size))
    return config


def _fill_at_first() -> None:
    if TRANSFORM not in st.session_state:
        fill(LECTURE.config)


def _is_ours(parameter: str) -> bool:
    return parameter in SECTION_OF or parameter in ("recipe", "name")


def _say_what_was_refused() -> None:
    if error := st.session_state.get(REFUSED):
        show_error(error)


def _write_address(config: RunConfig, hides: bool) -> None:
    """Keep the URL in step with the form; the unchanged lecture recipe needs no parameters."""
    ours = {} if config == LECTURE.config and not hides else to_query(config)
    page_address.write(ours, _is_ours, ADDRESS)


def _choose_recipe() -> None:
    """Draw the choice of a recipe to fill the form from."""
    if "recipe" not in hidden_controls():
        st.selectbox(
            "Recipe",
            list(RECIPES),
            key=control_key(RECIPE),
            on_change=when_changed(RECIPE, _start_from_recipe),
            persist_state="session",
            help="A recipe fills the form with settings that belong together. Change what you like afterwards.",
        )


def _choose_earlier_run() -> None:
    """Draw the choice of an earlier run to fill the form from."""
    runs = {run.id: run for run in state().runs.runs() if not run.is_logged}
    if st.session_state.get(control_key(AS_IN_RUN)) not in runs:
        set_control(AS_IN_RUN, None)
    st.selectbox(
        "As in run",
        list(runs),
        index=None,
        key=control_key(AS_IN_RUN),
        placeholder="Choose a run" if runs else "No run yet",
        format_func=lambda run_id: runs[run_id].title if run_id in runs else "",
        disabled=not runs,
        on_change=when_changed(AS_IN_RUN, _start_from_run),
        help="Fills the form with the settings of an earlier run: change one thing and "
        "train again, and the difference between the two is what that one thing did.",
    )


def _start_from_recipe(name: str) -> None:
    fill(RECIPES[name].config)
    set_control(AS_IN_RUN, None)


def _start_from_run(run_id: str | None) -> None:
    if run_id:
        fill(state().runs.get(run_id).plan)


def _data_in_form() -> dict[str, tuple[str, ...]]:
    """Return the fields of a `DataConfig`, not validated yet, without datasets and writers that no longer exist."""
    known = [entry.name for entry in state().catalogue.entries()]
    for field in ("train", "test"):
        _keep_only(known, key_of(field))  # a dataset may have been deleted since it was chosen
    writers = _writers()
    if writers:
        _keep_only(writers, key_of("test_writers"))
    chosen = {field: tuple(st.session_state[key_of(field)]) for field in DATA_FIELDS}
    return chosen if writers else chosen | {"test_writers": ()}


def _title_of_data(shown: Collection[str]) -> str:
    """Return the label of the expander that contains these controls."""
    parts = {"Datasets": not set(DATA_FIELDS).isdisjoint(shown), "transform": "transform" in shown}
    return " and ".join(part for part, there in parts.items() if there).capitalize() or "Earlier runs"


def _draw_data(shown: Collection[str], recipe: Recipe) -> None:
    titles = {entry.name: entry.title for entry in state().catalogue.entries()}
    for field in ("train", "test"):
        if field in shown:
            st.multiselect(
                label_of(field),
                list(titles),
                key=key_of(field),
                format_func=lambda name: titles.get(name, name),
                help=SETTINGS[field].help,
                persist_state="session",
                wrap=True,
            )
    if "test_writers" in shown:
        _choose_writers()
    if "transform" in shown:
        choose_transform(TRANSFORM, recipe)
    if "as_in_run" in shown:
        _choose_earlier_run()


def _writers() -> list[str]:
    """Return the writers of the chosen datasets; none if there are fewer than two."""
    catalogue, session = state().catalogue, st.session_state
    names = {*session[key_of("train")], *session[key_of("test")]}
    there = [load_digits(name) for name in sorted(names) if catalogue.available(name)]
    writers = sorted({writer for digits in there for writer in digits.writers})
    return writers if len(writers) > 1 else []


def _choose_writers() -> None:
    """Draw the choice of hold-out writers; nothing if these datasets have fewer than two writers."""
    if writers := _writers():
        st.multiselect(
            label_of("test_writers"),
            writers,
            key=key_of("test_writers"),
            persist_state="session",
            wrap=True,
            placeholder="none: every hand is in both splits",
            help=SETTINGS["test_writers"].help,
        )


def _keep_only(there: Collection[str], key: str) -> None:
    """Remove what is not in `there` from a multiselect. Set only on a change: setting overrides a click on its way."""
    kept = [name for name in st.session_state[key] if name in there]
    if kept != st.session_state[key]:
        st.session_state[key] = kept


def _draw_more(fields: Collection[str], recipe: Recipe) -> None:
    if "name" in fields:
        st.text_input(
            "Name",
            key=control_key(NAME),
            placeholder=recipe.name,
            persist_state="session",
            help="What lists and charts call this run.",
        )
    _controls([field for field in fields if field != "name"])


def _controls(fields: list[str]) -> None:
    """Draw two controls per row, in reading order also on a narrow screen; a wide one gets its own row."""
    narrow = [field for field in fields if field != "batches"]
    for start in range(0, len(narrow), 2):
        for column, field in zip(st.columns(2, vertical_alignment="bottom"), narrow[start : start + 2], strict=False):
            with column:
                training_control(field)
    if "batches" in fields:
        training_control("batches")
