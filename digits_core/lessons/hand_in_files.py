"""The contents of a hand-in, the zip that a learner exports from a lesson: its files, and the schema of its JSON.

    hand_in.json                 who did which lesson, each step with its answer, the runs
    lesson.md                    the file of the lesson as the learner had it
    report.html                  the same, for reading, on paper too
    runs/1/config.json           for each run its settings, including transform and network
    runs/1/history.json          its results and epochs, as in every export of a run
    runs/1/weights.safetensors
    runs/1/test.npz              its answers to its own test images: logits float32 (N, 10), labels int64 (N,)
    runs/1/program.json          for a network that was traced from somebody else's code

Hand-ins are untrusted: whatever is read from one must match this schema and these bounds, or is refused.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from digits_core.config import NetworkConfig
from digits_core.data.digits import CLASSES
from digits_core.data.readers.limits import MIB, Limits
from digits_core.data.readers.sandbox import shown_name
from digits_core.runs.artifacts import PROGRAM_FILE, TEST_FILE, WEIGHTS_FILE
from digits_core.runs.logged_config import MOST_ENTRIES
from digits_core.runs.rows import Status

FORMAT, VERSION = "digits-lab hand-in", 1
MANIFEST, LESSON, REPORT = "hand_in.json", "lesson.md", "report.html"
CONFIG, HISTORY = "config.json", "history.json"
KEPT_FILES = (WEIGHTS_FILE, TEST_FILE, PROGRAM_FILE)
"""Copied as they are from the folder of a run."""

MOST_RUNS, MOST_STEPS, MOST_EPOCHS, MOST_NETWORKS, MOST_LABELS = 50, 200, 10_000, 50, 20_000
LONGEST_TEXT = 20_000
TEXT_BYTES = 4 * MIB
"""Maximum size of one JSON or Markdown file."""
LIMITS = Limits(file_bytes=512 * MIB, unpacked_bytes=512 * MIB, entries=1000, memory_bytes=4096 * MIB, seconds=300)
"""Bounds on reading one hand-in and testing its networks."""


def folder_of(place: int) -> str:
    """Return the folder of the run at an index of the list of runs, counted from 0, with `/` at its end."""
    return f"runs/{place + 1}/"


def tidy_text(text: str) -> str:
    """Return text without characters that move a terminal's cursor or change the direction of writing."""
    return "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)


class _Data(BaseModel):
    """Newer versions may have more fields."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


RunId = Annotated[str, Field(pattern=r"^[0-9a-f]{1,32}$")]
Line = Annotated[str, Field(max_length=400), AfterValidator(shown_name)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(tidy_text)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0, le=1e10)]
Number = Annotated[float, Field(ge=-1e300, le=1e300)]
AnswerValue = bool | Number | Text | Annotated[tuple[Text, ...], Field(max_length=100)] | None


class HandedStep(_Data):
    """A step as it was answered: a choice, an order, a number, a text, or true if it was done; `None` if unanswered.

    runs: the ids of those that met its check, according to the learner's own app.
    """

    id: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(tidy_text)]
    title: Line
    kind: Literal["look", "predict", "do", "explain", "goal"]
    question: Text = ""
    answer: AnswerValue = None
    runs: Annotated[tuple[RunId, ...], Field(max_length=MOST_RUNS)] = ()


class RunPlace(_Data):
    """A run of the hand-in; its files are in the folder of its index. `origin` is empty for one of the app's own."""

    id: RunId
    origin: Line = ""


class Manifest(_Data):
    """The contents of `hand_in.json`. `made` in seconds since 1970.

    labels: of the digits that the learner wrote, one each; networks: those that they saved. Both are only claimed.
    """

    format: Literal["digits-lab hand-in"]
    version: Literal[1]
    learner: Line
    lesson: Line
    lesson_title: Line = ""
    made: Number = 0.0
    steps: Annotated[tuple[HandedStep, ...], Field(max_length=MOST_STEPS)]
    runs: Annotated[tuple[RunPlace, ...], Field(max_length=MOST_RUNS)] = ()
    labels: Annotated[tuple[Annotated[int, Field(ge=0, lt=CLASSES)], ...], Field(max_length=MOST_LABELS)] = ()
    networks: Annotated[tuple[NetworkConfig, ...], Field(max_length=MOST_NETWORKS)] = ()


class HandedEpoch(_Data):
    """One epoch as its run recorded it; `None` for unknown values."""

    epoch: Annotated[int, Field(ge=0, le=2**53)]
    train_loss: Number | None = None
    train_accuracy: Fraction | None = None
    test_loss: Number | None = None
    test_accuracy: Fraction | None = None
    seconds: Seconds | None = None


class HandedEnvironment(_Data):
    """The parts of a run's environment that are read: the fingerprints of its datasets, by name, and its device.

    shipped: it came with Digits Lab; weights_changed: how its weights were changed after training.
    """

    datasets: Annotated[dict[str, str], Field(max_length=100)] = {}
    device: Line = ""
    shipped: Any = None
    weights_changed: Line = ""


class HandedHistory(_Data):
    """The parts of `history.json` that are read: the results of a run and its epochs. Accuracies are fractions of 1."""

    id: RunId
    number: Annotated[int, Field(ge=0, le=2**53)]
    name: Line
    recipe: Line = ""
    status: Status
    message: Line = ""
    test_loss: Number | None = None
    test_accuracy: Fraction | None = None
    seconds: Seconds | None = None
    created: Number = 0.0
    finished: Number | None = None
    environment: HandedEnvironment = HandedEnvironment()
    config: Annotated[dict[str, Any], Field(max_length=MOST_ENTRIES)] = {}
    """For a run of the learner's own training loop, whose settings are recorded nowhere else."""
    epochs: Annotated[tuple[HandedEpoch, ...], Field(max_length=MOST_EPOCHS)] = ()

    @property
    def title(self) -> str:
        """The run's title in the learner's app, such as `#3 Lecture`."""
        return f"#{self.number} {self.name}"
