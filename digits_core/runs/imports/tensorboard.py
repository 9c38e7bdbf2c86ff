"""Runs from TensorBoard's event files: one per folder, as in TensorBoard itself."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

from digits_core.data.readers.file_contents import Refusal
from digits_core.runs.imports.records import Metrics, is_time, noted, whole_run
from digits_core.runs.imports.wire import Malformed, Records, fields, signed
from digits_core.runs.logged import WholeRun
from digits_core.runs.metric_names import known_metric

ORIGIN = "TensorBoard"
_SESSION = "_hparams_/session_start_info"
_NO_METRICS = ("epoch", "hp_metric")
"""Scalars of Lightning that are not metrics: the number of the epoch, and a placeholder."""
# The numbers of the fields in TensorBoard's event.proto, summary.proto, tensor.proto and plugin_data.proto (hparams).
_WALL_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE = 1
_TAG, _SIMPLE_VALUE, _TENSOR, _METADATA = 1, 2, 8, 9
_PLUGIN_DATA, _PLUGIN_NAME, _PLUGIN_CONTENT = 1, 1, 2
_DTYPE, _TENSOR_CONTENT = 1, 4
_SCALAR_TYPES = {1: ("f", 5), 2: ("d", 6), 19: ("e", 0)}
"""By the number of a data type: the `struct` format of a value, and the tensor field that lists such values."""
_SESSION_START, _HPARAMS = 3, 1
_NUMBER, _STRING, _BOOL = 2, 3, 4

Tag = tuple[str, float | None, str, bytes]
"""One value of a summary: its tag, its number or `None`, its plugin, and the data of the plugin."""


def read_event_files(name: str, files: Mapping[str, bytes], config: Mapping[str, Any]) -> WholeRun:
    """Return the run in the event files of one folder, with a note on files that are cut off or damaged.

    Steps are kept as they are. A later value of the same tag and step replaces an earlier one, as after a resumed
    training. Times are those at which values were written.

    Args:
        name: The name of the run.
        files: The content of each file by its name; read in the order of the names, which begin with a time.
        config: Settings known from elsewhere; the hyperparameters in the files take precedence.
    """
    reader = _Reader()
    notes = []
    for file, content in sorted(files.items()):
        records = Records(content)
        for record in records:
            reader.take(record)
        if not records.whole:
            notes.append(
                f"{file} is cut off or damaged after {records.count:,} records: what is whole before that was imported."
            )
    if not reader.metrics.by_name:
        raise Refusal("holds no scalars: there is nothing to draw.")
    run = reader.run(name, config)
    for note in notes:
        run = noted(run, note)
    return run


class _Reader:
    def __init__(self) -> None:
        self.metrics = Metrics()
        self._plugins: dict[str, str] = {}
        self._written: dict[int, float] = {}
        self._figures_written: dict[int, float] = {}
        self._known: set[str] = set()
        self._began, self._ended = math.inf, 0.0
        self._config: dict[str, Any] = {}

    def take(self, record: bytes) -> None:
        """Add the values of one event; a malformed event is ignored."""
        wall_time, step, summaries = 0.0, 0, []
        try:
            for number, value in fields(record):
                if number == _WALL_TIME and isinstance(value, bytes) and len(value) == 8:
                    wall_time = struct.unpack("<d", value)[0]
                elif number == _STEP and isinstance(value, int):
                    step = signed(value)
                elif number == _SUMMARY and isinstance(value, bytes):
                    summaries.append(value)
            values = [each for summary in summaries for number, each in fields(summary) if number == _VALUE]
            for tag in [_tag(each) for each in values if isinstance(each, bytes)]:
                self._take(tag, step, wall_time)
        except Malformed:
            return
        if is_time(wall_time):
            self._began, self._ended = min(self._began, wall_time), max(self._ended, wall_time)

    def run(self, name: str, config: Mapping[str, Any]) -> WholeRun:
        if not self._ended:
            return whole_run(name, ORIGIN, self.metrics, {**config, **self._config})
        # Between two epochs there may be batches with steps of their own.
        written = self._figures_written or self._written
        elapsed = {step: when - self._began for step, when in written.items()}
        return whole_run(
            name,
            ORIGIN,
            self.metrics,
            {**config, **self._config},
            elapsed=elapsed,
            created=self._began,
            finished=self._ended,
        )

    def _take(self, summary: Tag, step: int, wall_time: float) -> None:
        tag, value, plugin, content = summary
        if tag == _SESSION:
            self._config |= _hyperparameters(content)
            return
        plugin = self._plugins.setdefault(tag, plugin) if len(self._plugins) < 10_000 else plugin
        if value is None or plugin not in ("", "scalars") or tag in _NO_METRICS:
            return
        if tag not in self.metrics.by_name and known_metric(tag):
            self._known.add(tag)
        self.metrics.add(tag, step, value)
        if is_time(wall_time):
            written = self._figures_written if tag in self._known else self._written
            written[step] = max(wall_time, written.get(step, 0.0))


def _tag(message: bytes) -> Tag:
    tag, plugin, content, is_simple = "", "", b"", False
    number: float | None = None
    for key, value in fields(message):
        if not isinstance(value, bytes):
            continue
        if key == _TAG:
            tag = value.decode(errors="replace")
        elif key == _SIMPLE_VALUE and len(value) == 4:
            number, is_simple = _short(value), True
        elif key == _TENSOR and not is_simple:
            number = _scalar(value)
        elif key == _METADATA:
            plugin, content = _plugin(value)
    return tag, number, plugin, content


def _plugin(metadata: bytes) -> tuple[str, bytes]:
    name, content = "", b""
    for key, value in fields(metadata):
        if key == _PLUGIN_DATA and isinstance(value, bytes):
            for inner, what in fields(value):
                if inner == _PLUGIN_NAME and isinstance(what, bytes):
                    name = what.decode(errors="replace")
                elif inner == _PLUGIN_CONTENT and isinstance(what, bytes):
                    content = what
    return name, content


def _scalar(tensor: bytes) -> float | None:
    """Return the number in a one-element tensor of a scalar type, else `None`."""
    kind, content = 0, b""
    lists: dict[int, bytes] = {}
    for key, value in fields(tensor):
        if key == _DTYPE and isinstance(value, int):
            kind = value
        elif key == _TENSOR_CONTENT and isinstance(value, bytes):
            content = value
        elif isinstance(value, bytes):
            lists[key] = value
    if kind not in _SCALAR_TYPES:
        return None
    code, listed = _SCALAR_TYPES[kind]
    packed = content or lists.get(listed, b"")
    if len(packed) != struct.calcsize(code):
        return None
    return _short(packed) if code == "f" else struct.unpack(f"<{code}", packed)[0]


def _short(packed: bytes) -> float:
    """Return the shortest decimal that is this float32: 0.97, and not 0.9700000286."""
    value = struct.unpack("<f", packed)[0]
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", short) == packed:
                return short
        except OverflowError:  # rounded up beyond the largest float32
            break
    return value


def _hyperparameters(content: bytes) -> dict[str, Any]:
    """Return the settings that `add_hparams` stores: numbers, strings and booleans by name."""
    found: dict[str, Any] = {}
    starts = [value for key, value in fields(content) if key == _SESSION_START and isinstance(value, bytes)]
    entries = [value for start in starts for key, value in fields(start) if key == _HPARAMS]
    for entry in entries:
        pair = dict(fields(entry)) if isinstance(entry, bytes) else {}
        name, value = pair.get(1), pair.get(2)
        if isinstance(name, bytes) and isinstance(value, bytes):
            found[name.decode(errors="replace")] = _plain(value)
    return found


def _plain(message: bytes) -> Any:
    """Return the value of a `google.protobuf.Value`; whole numbers become ints, as all numbers are floats there."""
    for key, value in fields(message):
        if key == _NUMBER and isinstance(value, bytes) and len(value) == 8:
            number = struct.unpack("<d", value)[0]
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        if key == _STRING and isinstance(value, bytes):
            return value.decode(errors="replace")
        if key == _BOOL and isinstance(value, int):
            return bool(value)
    return None
