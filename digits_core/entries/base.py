"""What entries are made of: the words of a setting and of its choices."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from digits_core.entries.lazy import torch, v2


def source_of(function: Callable[..., Any]) -> str:
    """Return a function of an entry as Python, for the exported script."""
    return inspect.getsource(function).rstrip()


class OneOf:
    """Accepts the names of entries, those that were added later among them."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def __call__(self, name: str) -> str:
        if name not in self.names:
            *others, last = map(repr, self.names)
            raise ValueError(f"should be {', '.join(others)} or {last}")
        return name


class Titled(Protocol):
    """What a setting can be set to, in words: a title, and what it means in a sentence where there is more to say."""

    @property
    def title(self) -> str: ...
    @property
    def help(self) -> str: ...


@dataclass(frozen=True)
class Choice:
    """A value of a setting that has no more to it than its words."""

    title: str
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A field of a config in words, and how controls, tables, charts and sweeps treat it.

    Attributes:
        title: What columns, axes and controls call it.
        help: The concept, explained in a sentence or two.
        label: What its control is called if not by the title.
        choices: The values that it accepts by name, if these are words.
        phrase: How its value is written in a sentence.
        why: What it is good for, if it is a step that one can leave out.
        step: How far one click of its control goes.
        log: Whether people change it by factors, so that axes are logarithmic.
        swept: Whether a sweep can vary it.
        values: What a sweep varies it over, unless told otherwise; all choices or the default if empty.
        main: Whether its control is always in view, not under "More settings".
        needs: A field without which it has no effect, and why.
        write: How its value is written, if it is neither a word, a number nor a list of words.
    """

    title: str
    help: str
    label: str = ""
    choices: Mapping[str, Titled] = field(default_factory=dict)
    phrase: str = "{}"
    why: str = ""
    step: float = 0.05
    log: bool = False
    swept: bool = True
    values: str = ""
    main: bool = False
    needs: tuple[str, str] | None = None
    write: Callable[[Any], str] | None = None


@dataclass(frozen=True, kw_only=True)
class Strength(Setting):
    """How strong a random step is, from 0 for off to `most`.

    `first` is where its slider begins when it is switched on, `form` how the slider writes it.
    """

    most: float
    first: float
    form: str


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """A random step of the training transform. It is taken if one of its strengths is above 0.

    Attributes:
        place: Where it comes among the others, the lowest first; draws follow one another in this order.
        strengths: The fields of `TransformConfig` that it adds, by name.
        apply: Pixels (N, 1, S, S), float32 from 0 to 255, the strengths and a generator → the same pixels, each image
            with draws of its own. The exported script holds its source, so it is a function over torch alone.
        transform: The size of the image and the strengths → the same as a torchvision transform for one image.
        code: The size and the strengths → the call that makes this transform, as Python.
        on_tensors: Whether that transform takes a tensor from 0 to 1; the others take a PIL image.
        helpers: The functions that `apply` calls, in the order in which a script defines them.
        constants: The constants that these use: value and comment by name.
        written_out: Functions that `code` names because torchvision lacks the step; `imports` are theirs.
        title, why: Its words if it has several strengths; those of its only strength otherwise.
    """

    place: int
    strengths: Mapping[str, Strength]
    apply: Callable[..., torch.Tensor]
    transform: Callable[..., v2.Transform]
    code: Callable[..., str]
    on_tensors: bool = False
    helpers: tuple[Callable[..., Any], ...] = ()
    constants: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    written_out: tuple[Callable[..., Any], ...] = ()
    imports: tuple[str, ...] = ()
    title: str = ""
    why: str = ""

    @property
    def functions(self) -> tuple[Callable[..., Any], ...]:
        """What the exported script defines for it, helpers first."""
        return (*self.helpers, self.apply)

    @property
    def call(self) -> str:
        """The call that applies it in the exported script, where strengths are constants."""
        return f"{self.apply.__name__}(pixels, {', '.join(name.upper() for name in self.strengths)}, generator)"
