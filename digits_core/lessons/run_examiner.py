"""Examine one run of a hand-in: evaluate its network again, and compare the results with those it claims."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from digits_core.data.digits import Digits
from digits_core.errors import DatasetError, DigitsError
from digits_core.lessons.hand_in_files import HandedHistory
from digits_core.lessons.hand_in_reader import HandedRun
from digits_core.network.traced_program import TracedProgram
from digits_core.runs.artifacts import TEST_FILE, Weights

if TYPE_CHECKING:
    from digits_core.evaluation.run_network import TrainedNetwork

SAME, SAME_ELSEWHERE = 1e-3, 1e-2
"""Largest difference between logits of the same network, as a share of the largest of them: on CPUs, as
`network.tracing` compares them; and on a GPU, whose convolutions round to ten bits (TF32)."""
SAME_LOSS = 0.01
"""Largest relative difference of a loss computed from the same logits on another machine."""
SAME_SHARE = 1e-6
SAME_SECONDS = 0.01


class ExaminedRun(BaseModel):
    """The result of examining a run of a hand-in. Accuracies are fractions of 1, `None` if unknown.

    hidden_accuracy: on the digits that the class never saw; claimed_accuracy: on its own test digits, as the run
    claims; accuracy: on these, as computed here from its weights. checked: whether that could be computed. fits:
    whether all that could be compared is consistent. fingerprint: the same for the same weights, "" without. remarks:
    what is wrong or worth knowing, a sentence each.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    origin: str
    config_json: str = ""
    history: HandedHistory | None = None
    fingerprint: str = ""
    parameters: int | None = None
    hidden_accuracy: float | None = None
    claimed_accuracy: float | None = None
    accuracy: float | None = None
    checked: bool = False
    fits: bool = True
    remarks: tuple[str, ...] = ()


def examine_run(run: HandedRun, hidden: Digits, known: Mapping[str, Digits]) -> ExaminedRun:
    """Return all that can be found out about a run, whatever is wrong with it.

    Args:
        hidden: The network is tested on its test split.
        known: The datasets that are here, by name: those that the run may have been tested on.
    """
    return _Examiner(run, hidden, known).result()


class _Examiner:
    """Examines one run, and collects the remarks on it."""

    def __init__(self, run: HandedRun, hidden: Digits, known: Mapping[str, Digits]) -> None:
        self._run, self._hidden, self._known = run, hidden, known
        self._wrong: list[str] = list(run.problems)
        # A logged run's own loop does its own testing, and does not hand over its predictions.
        self._remarks = [f"{name} is missing." for name in run.missing if name != TEST_FILE or not run.place.origin]

    def result(self) -> ExaminedRun:
        run = self._run
        network = self._network()
        logits = self._own_logits(network) if network else None
        self._compare_results()
        if logits is not None:
            self._compare_answers(*logits)
        history = run.history
        return ExaminedRun(
            id=run.place.id,
            title=history.title if history else run.place.id,
            origin=run.place.origin,
            config_json=run.config.to_json() if run.config else "",
            history=history,
            fingerprint=fingerprint(run.kept) if run.kept is not None else "",
            parameters=network.parameters if network else None,
            hidden_accuracy=self._hidden_accuracy(network) if network else None,
            claimed_accuracy=history.test_accuracy if history else None,
            accuracy=_accuracy(*logits) if logits else None,
            checked=logits is not None,
            fits=not self._wrong,
            remarks=(*self._wrong, *self._remarks),
        )

    def _network(self) -> TrainedNetwork | None:
        """Rebuild the network; add a remark and return `None` if that fails.

        It fails if its config and its weights belong to two networks, or if it cannot be built here.
        """
        if self._run.config is None or self._run.kept is None:
            return None
        from digits_core.evaluation.run_network import TrainedNetwork

        try:
            return TrainedNetwork(self._run.config, self._run.kept)
        except DigitsError:
            self._wrong.append("Its weights are not those of the network in its config.")
        except RuntimeError as error:
            self._wrong.append(f"Its network cannot be built here: {_first_line(error)}")
        return None

    def _hidden_accuracy(self, network: TrainedNetwork) -> float | None:
        images, labels = self._hidden.of("test")
        logits = self._ask(network, [images])
        return None if logits is None else _accuracy(logits, labels)

    def _own_logits(self, network: TrainedNetwork) -> tuple[np.ndarray, np.ndarray] | None:
        """Return its logits (N, 10) on its own test digits and their labels (N,), or `None` if these are not here."""
        from digits_core.training.check import choose_test_digits

        if self._run.place.origin:
            self._remarks.append(f"Not checked: it was trained elsewhere ({self._run.place.origin}).")
            return None
        config = self._run.config
        assert config is not None  # there is no network without one
        try:
            test = choose_test_digits(config.data, self._load)
        except DatasetError:
            names = " + ".join(config.data.test)[:200]
            self._remarks.append(f"Not checked: the test digits of {names} are not here.")
            return None
        parts = [digits.of("test") for digits in test]
        labels = np.concatenate([part[1] for part in parts])
        if changed := self._changed(test, labels):
            self._remarks.append(f"Not checked: its {changed} is not the dataset of that name here.")
            return None
        logits = self._ask(network, [images for images, _ in parts])
        return None if logits is None else (logits, labels)

    def _load(self, name: str) -> Digits:
        if name not in self._known:
            raise DatasetError(f"{name} is not here.")
        return self._known[name]

    def _changed(self, test: Sequence[Digits], labels: np.ndarray) -> str:
        """Return the name of a test set that was a different one where the run was trained.

        The fingerprint alone is not trusted: whoever fakes predictions may fake that, too.
        """
        answers, history = self._run.answers, self._run.history
        if answers is None or history is None or np.array_equal(answers.labels, labels):
            return ""
        known = history.environment.datasets
        return next((each.name for each in test if known.get(each.name, each.fingerprint) != each.fingerprint), "")

    def _ask(self, network: TrainedNetwork, parts: Sequence[np.ndarray]) -> np.ndarray | None:
        try:
            logits = np.concatenate([network.logits(network.prepare(images)) for images in parts])
        except (DigitsError, RuntimeError) as error:
            self._wrong.append(f"Its network cannot be asked: {_first_line(error)}")
            return None
        if not np.isfinite(logits).all():
            self._wrong.append("Its network answers with values that are not numbers.")
            return None
        return logits

    def _compare_results(self) -> None:
        """Compare the results that the run states in several places, which needs no digits."""
        history, answers, config = self._run.history, self._run.answers, self._run.config
        if history is None:
            return
        if history.status != "finished":
            self._remarks.append(f"It did not finish: it is {history.status}.")
        if history.environment.shipped is not None:
            self._remarks.append("It came with Digits Lab: the learner did not train it.")
        if history.environment.weights_changed:
            self._remarks.append(f"Its weights were changed after its training: {history.environment.weights_changed}.")
        claimed, epochs = history.test_accuracy, history.epochs
        if claimed is not None and answers is not None:
            kept = _accuracy(answers.logits, answers.labels)
            if abs(kept - claimed) > SAME_SHARE:
                self._wrong.append(f"It claims {claimed:.2%}, but its own answers are {kept:.2%} right.")
        if history.status != "finished" or self._run.place.origin:
            return
        if config is not None and [each.epoch for each in epochs] != list(range(1, config.training.epochs + 1)):
            self._wrong.append(f"It has {len(epochs):,} epochs, but its config asks for {config.training.epochs:,}.")
        last = epochs[-1].test_accuracy if epochs else None
        if claimed is not None and last is not None and abs(last - claimed) > SAME_SHARE:
            self._wrong.append(f"It claims {claimed:.2%}, but its last epoch says {last:.2%}.")
        took = sum(each.seconds or 0.0 for each in epochs)
        if history.seconds is not None and abs(took - history.seconds) > SAME_SECONDS * max(took, history.seconds, 1.0):
            self._wrong.append(f"It claims {history.seconds:.1f} s of training, but its epochs took {took:.1f} s.")

    def _compare_answers(self, logits: np.ndarray, labels: np.ndarray) -> None:
        """Compare the run's claims with the predictions of its weights here for the same digits."""
        history, answers = self._run.history, self._run.answers
        elsewhere = history is not None and history.environment.device not in ("", "cpu")
        room = (SAME_ELSEWHERE if elsewhere else SAME) * float(np.abs(logits).max())
        if answers is not None:
            if not np.array_equal(answers.labels, labels):
                self._wrong.append("Its answers are not to the test digits of its config.")
            elif np.abs(answers.logits - logits).max() > room:
                others = int((answers.logits.argmax(axis=1) != logits.argmax(axis=1)).sum())
                self._wrong.append(
                    f"Its answers are not those of its weights: {others:,} of {len(labels):,} are other digits."
                )
        if history is None or history.test_accuracy is None:
            return
        accuracy = _accuracy(logits, labels)
        # A prediction whose two highest logits are that close may be another digit on another machine.
        highest = np.sort(logits, axis=1)[:, -2:]
        unsure = float((highest[:, 1] - highest[:, 0] <= 2 * room).mean())
        if abs(accuracy - history.test_accuracy) > unsure + SAME_SHARE:
            self._wrong.append(f"It claims {history.test_accuracy:.2%}, but its weights reach {accuracy:.2%}.")
        self._compare_loss(logits, labels, history.test_loss, history.epochs[-1].test_loss if history.epochs else None)

    def _compare_loss(self, logits: np.ndarray, labels: np.ndarray, *claimed: float | None) -> None:
        import torch

        from digits_core.training.optimisation import loss_function

        config = self._run.config
        assert config is not None
        loss = loss_function(config.training)(torch.from_numpy(logits), torch.from_numpy(labels)).item()
        for each in claimed:
            if each is not None and abs(each - loss) > SAME_LOSS * max(abs(loss), SAME_LOSS):
                self._wrong.append(f"It claims a test loss of {each:.4f}, but its weights have {loss:.4f}.")
                return


def fingerprint(kept: Weights | TracedProgram) -> str:
    """Return sixteen hex digits that are the same for the same weights, regardless of their order and file."""
    tensors = kept.tensors if isinstance(kept, TracedProgram) else kept
    digest = hashlib.sha256()
    for name in sorted(tensors):
        values = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {values.dtype} {values.shape}".encode("utf-8", "replace"))
        digest.update(values.tobytes())
    return digest.hexdigest()[:16]


def _accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    return float((logits.argmax(axis=1) == labels).mean())


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
