"""Hand-ins for tests: of a run that was really trained, for a moment, and changed as an attacker would."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.data.catalogue import Catalogue
from digits_core.database import Database
from digits_core.home import Home
from digits_core.lessons.hand_in import make_hand_in
from digits_core.lessons.learners import Answer
from digits_core.lessons.lesson import Lesson
from digits_core.lessons.lesson_reader import read_lesson
from digits_core.runs.local_training import LocalTraining
from digits_core.runs.rows import Run
from digits_core.runs.run_data import RunData
from digits_core.runs.store import RunStore

SMALL = TransformConfig(size=8)
LESSON = """---
title: Two epochs
minutes: 5
outcome: Train a network and say how good it is.
---

## Guess

```predict
question: How many of 100 digits will it read?
between: [0, 100]
unit: "%"
```

## Train it

```do
check:
  run: {epochs: 2, dataset: optdigits}
```

## Say why

```explain
question: Why is it not better?
answer: It was trained for two epochs only.
```

## Better

```goal
check:
  run: {dataset: optdigits, test_accuracy: {at_least: 0.99}}
```
"""


@dataclass(frozen=True)
class School:
    """A home in which somebody learns: its lesson, and a run that was trained in it."""

    home: Home
    database: Database
    lesson: Lesson
    run: Run

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.home, self.database)

    @property
    def data(self) -> RunData:
        return RunData(self.database, self.catalogue, RunStore(self.database))

    def hand_in(self, learner: str = "Ada", goal: bool = False, run: Run | None = None) -> bytes:
        """Return a hand-in with that run; with `goal`, it says that the goal is met by it, which needs 99 %."""
        store, run = RunStore(self.database), run or self.run
        answers = {
            "guess": Answer(70.0, 1.0),
            "train-it": Answer(True, 2.0, (run.id,)),
            "say-why": Answer("Because <b>two</b> epochs are few.", 3.0),
        }
        if goal:
            answers["better"] = Answer(True, 4.0, (run.id,))
        return make_hand_in(self.lesson, learner, answers, store, self.home, self.data)


def small_config(epochs: int = 2, seed: int = 0, layers: str = "mlp") -> RunConfig:
    """Return what trains in less than a second."""
    training = TrainingConfig(epochs=epochs, seed=seed, batch_size=64, learning_rate=0.01)
    return RunConfig(name="Mine", transform=SMALL, training=training, network={"layers": layers})


def school_in(folder: Path) -> School:
    """Make a home with a lesson of its teacher's, and train a run in it."""
    home = Home(folder / "home").create()
    home.lessons.mkdir()
    path = home.lessons / "two-epochs.md"
    path.write_text(LESSON, encoding="utf-8")
    database = Database(home.database)
    run = trained(home, database, small_config())
    return School(home, database, read_lesson(path), run)


def trained(home: Home, database: Database, config: RunConfig) -> Run:
    training = LocalTraining(home, database, config, threads=1)
    list(training.events())
    return RunStore(database).get(training.run.id)


def files_in(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def changed(content: bytes, **changes: Callable[[dict], None] | bytes | None) -> bytes:
    """Return a hand-in with other files of its first run, or another manifest: `history=` and such.

    A function changes the file's JSON in place; bytes take its place; `None` leaves it out.
    """
    files = files_in(content)
    names = {Path(name).stem: name for name in files}
    for stem, change in changes.items():
        if change is None:
            del files[names[stem]]
        elif isinstance(change, bytes):
            files[names[stem]] = change
        else:
            held = json.loads(files[names[stem]])
            change(held)
            files[names[stem]] = json.dumps(held).encode()
    return zipped(files)
