"""The named errors. Each text is for the person who caused it: what was wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class DigitsError(Exception):
    """An error that the person in front of the screen can act on."""


class ConfigError(DigitsError, ValueError):
    """A setting is unknown, has the wrong type or lies outside its bounds.

    A `ValueError` too, so that a config inside a config reports its problems through the outer one.
    """

    def __init__(self, text: str, problems: Sequence[str] | None = None) -> None:
        super().__init__(text)
        self.problems = list(problems) if problems is not None else [text.removesuffix(".")]

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, list[str]]]:
        return type(self), (str(self), self.problems)


class DatasetError(DigitsError):
    """A dataset does not exist, cannot be had right now, or has too few samples for what was asked."""


class HandwritingChanged(DatasetError):
    """The handwriting changed between two reads: read it again."""


class PictureError(DigitsError):
    """A picture cannot be read, is too large, or shows no ink."""


class LessonError(DigitsError):
    """A lesson cannot be read, or asks for something that no lesson may ask for."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Stopped(DigitsError):
    """This machine cut something short: trying again may succeed."""


class DatasetReadingStopped(DatasetError, Stopped):
    """The reading of a dataset file was cut short."""


class PictureReadingStopped(PictureError, Stopped):
    """The reading of a picture was cut short."""


class RunError(DigitsError):
    """A run does not exist, or is not in a state that allows what was asked."""


class LogError(DigitsError, ValueError):
    """What a user's own training loop logs cannot be stored: not a number, no name, too many names."""


class RunFileError(DigitsError):
    """A file of another program's runs cannot be read. Nothing of it was imported."""


class RunReadingStopped(RunFileError, Stopped):
    """The reading of another program's run was cut short."""


class StoreError(DigitsError):
    """What the app keeps on disk cannot be read or written.

    `passing` if the same may succeed later with nothing changed: the database was busy, or its disk full.
    """

    def __init__(self, text: str, passing: bool = False) -> None:
        super().__init__(text)
        self.passing = passing

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, bool]]:
        return type(self), (str(self), self.passing)


class EngineError(DigitsError):
    """The processes that train could not be started or reached."""


class ExportError(DigitsError):
    """Something cannot be exported in the requested format."""


class NetworkError(DigitsError):
    """A network cannot be traced, or a traced network is not allowed to run."""
