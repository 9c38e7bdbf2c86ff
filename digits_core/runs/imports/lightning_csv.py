"""Runs from the folders of Lightning's `CSVLogger`: `metrics.csv`, and `hparams.yaml` next to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from digits_core.data.readers.file_contents import Refusal
from digits_core.runs.imports.records import FROM_0, NOT_NUMBERS, Metrics, listed, noted, whole_run
from digits_core.runs.imports.tables import Table
from digits_core.runs.logged import WholeRun
from digits_core.runs.metric_names import known_metric

ORIGIN = "Lightning"
METRICS, HPARAMS = "metrics.csv", "hparams.yaml"
LARGEST_HPARAMS = 256 * 1024


def is_lightning(file: str, table: Table) -> bool:
    """Return True if `CSVLogger` wrote the table: it has an epoch, counted from 0, and a step.

    A resumed training begins at a later epoch: then the name of the file decides.
    """
    if not {"epoch", "step"} <= set(table.names):
        return False
    return file == METRICS or "0" in table.column("epoch")


def read_metrics(name: str, table: Table, config: Mapping[str, Any]) -> WholeRun:
    """Return the run of one `metrics.csv`.

    Lightning counts epochs from 0 and this app from 1: Lightning's epoch 0 is epoch 1 here. If a metric has several
    values in an epoch, the last one counts for the epoch, and all of them are kept by Lightning's own step, under the
    name with the suffix `_step`, which Lightning also uses itself.

    Raises:
        Refusal: If the table has no metrics, or a cell that does not fit its column.
    """
    epochs = [epoch + 1 for epoch in table.whole_numbers("epoch")]
    steps = table.whole_numbers("step")
    metrics, words = Metrics(), []
    for column in table.names:
        if column in ("", "epoch", "step"):
            continue
        numbers = table.numbers(column)
        if numbers is None:
            words += [column] if any(cell.strip() for cell in table.column(column)) else []
            continue
        there = [row for row, number in enumerate(numbers) if not math.isnan(number)]
        by_step = column.endswith("_step")
        if not by_step:
            for row in there:
                metrics.add(column, epochs[row], numbers[row])
        several = len({epochs[row] for row in there}) < len(there)
        if by_step or (several and f"{column}_step" not in table.names):
            for row in there:
                metrics.add(column if by_step else f"{column}_step", steps[row], numbers[row])
    if not metrics.by_name:
        raise Refusal(f"has no column of metrics. Its columns are {listed(table.names)}.")
    run = noted(whole_run(name, ORIGIN, metrics, config), NOT_NUMBERS, words)
    return noted(run, FROM_0) if any(map(known_metric, metrics.by_name)) else run


def read_hparams(content: bytes) -> dict[str, Any]:
    """Return the settings in an `hparams.yaml`, Python tags as plain values: nothing in it is executed.

    Raises:
        Refusal: If it is too large, is not a YAML mapping, or contains aliases.
    """
    if len(content) > LARGEST_HPARAMS:
        raise Refusal(f"has a {HPARAMS} of more than the {LARGEST_HPARAMS // 1024} KiB that are read.")
    try:
        found = yaml.load(content, _PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Refusal(f"has a {HPARAMS} that cannot be read as YAML.") from None
    if found is not None and not isinstance(found, dict):
        raise Refusal(f"has a {HPARAMS} that is not a mapping of names to values.")
    return {str(name): value for name, value in (found or {}).items()}


class _PlainLoader(yaml.SafeLoader):
    """Reads plain values, and values with an unknown tag as the text, list or mapping that they are written as."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # A few lines of nested aliases could expand to billions of values.
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("no references")
        return super().compose_node(parent, index)


def _untagged(loader: yaml.SafeLoader, _suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return str(node.value)


_PlainLoader.add_multi_constructor("", _untagged)
