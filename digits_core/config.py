"""What a run is made of, as data: frozen, validated once, JSON both ways.

The bounds that widgets, shell options and checks use are defined only here: `bounds(TrainingConfig, "epochs")`.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)

from digits_core.entries.augmentations import AUGMENTATIONS, STRENGTHS
from digits_core.entries.base import Augmentation, OneOf
from digits_core.entries.initialisations import INITIALISATIONS
from digits_core.entries.losses import LOSSES
from digits_core.entries.optimizers import OPTIMIZERS
from digits_core.entries.schedules import SCHEDULES
from digits_core.errors import ConfigError
from digits_core.layers.base import Kind
from digits_core.layers.kinds import KINDS
from digits_core.layers.presets import IMPROVED_NET, PRESETS
from digits_core.layers.problems import problem_of
from digits_core.layers.text import from_text

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["fp32", "bf16"]
BatchSource = Literal["tensors", "dataloader"]
Interpolation = Literal["bilinear", "bicubic", "nearest"]
Normalisation = Literal["fixed", "dataset"]


def _without_repeats(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


DatasetNames = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=80)], ...],
    Field(min_length=1, max_length=20),
    AfterValidator(_without_repeats),
]

Writers = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=60)], ...],
    Field(max_length=1000),
    AfterValidator(_without_repeats),
]


class Config(BaseModel):
    """The base of all configs: frozen, no unknown fields, no NaN, and errors that name the field.

    Args:
        fields: By their names; those that are not given have their defaults.

    Raises:
        ConfigError: for an unknown field, or a value of the wrong type or outside its bounds.

    Example:
        >>> TrainingConfig(epochs=0)
        Traceback (most recent call last):
        digits_core.errors.ConfigError: epochs is 0, but should be greater than or equal to 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise _as_config_error(error) from None

    def _repr_html_(self) -> str:
        """Return the fields as an HTML table for a notebook, those of nested configs in nested tables."""
        from digits_core.markup import Html, table  # loads Pillow, which nothing else here needs

        return table(
            (name, Html(value._repr_html_()) if isinstance(value, Config) else repr(value)) for name, value in self
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a config as `to_json` writes it.

        Args:
            text: A JSON object; fields that it lacks have their defaults.

        Returns:
            A config of this class.

        Raises:
            ConfigError: for text that is not JSON, and for unknown or out-of-range fields; it names all of them.

        Example:
            >>> TrainingConfig.from_json('{"epochs": 2}').epochs
            2
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise _as_config_error(error) from None

    def to_json(self) -> str:
        """Return the config as JSON, with every field.

        Returns:
            A JSON object in one line, which `from_json` reads.

        Example:
            >>> DataConfig().to_json()
            '{"train":["optdigits"],"test":["optdigits"],"test_writers":[]}'
        """
        return self.model_dump_json()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed.

        Args:
            changes: The new values, by the names of their fields.

        Returns:
            A new config, validated like any other.

        Raises:
            ConfigError: for an unknown field, or a value of the wrong type or outside its bounds.

        Example:
            >>> TrainingConfig().replace(epochs=8).epochs
            8
        """
        return type(self)(**{**dict(self), **changes})


class DataConfig(Config):
    """Which datasets are trained on and tested on: the training split of the first, the test split of the second.

    A dataset that is named in both is never trained on its test images: it has its own split.

    Example:
        >>> DataConfig(train=("mnist-5k", "strokes"), test=("mnist-5k",)).test_writers
        ()
    """

    train: DatasetNames = ("optdigits",)
    test: DatasetNames = ("optdigits",)
    test_writers: Writers = ()
    """Hold-out writers: their digits are only used for testing, if a dataset knows who wrote what."""


class _FixedSteps(Config):
    """The fields of `TransformConfig` that come before its random steps."""

    size: Annotated[int, Field(ge=8, le=64)] = 28
    interpolation: Interpolation = "bilinear"
    centre: bool = False
    """Scale the ink to a box of 20/28 of the size and move its centre of mass to the middle, as MNIST was made."""


_STRENGTHS: dict[str, Any] = {
    name: (Annotated[float, Field(ge=0, le=each.most)], 0.0) for name, each in STRENGTHS.items()
}
if TYPE_CHECKING:
    _AllSteps = _FixedSteps
else:
    _AllSteps = create_model("_AllSteps", __base__=_FixedSteps, **_STRENGTHS)


class TransformConfig(_AllSteps):
    """How an image is prepared for the network: the same steps for training and test, then augmentation in training.

    Each augmentation has its own fields: 0 if it is off. Angles are in degrees, lengths in pixels of the
    transformed image, scales and strengths are fractions.

    Args:
        fields: By their names; those that are not given have their defaults.

    Raises:
        ConfigError: for an unknown field, or a value of the wrong type or outside its bounds.

    Example:
        >>> config = TransformConfig(size=20, rotation=10)
        >>> config.mean, config.augments
        (0.5, True)
    """

    normalisation: Normalisation = "fixed"
    """Where `mean` and `std` come from. A run only ever has "fixed": `normalisation.resolve` puts a dataset's own
    values into the config, so that the run itself says how to normalise the input of its network.
    """
    mean: Annotated[float, Field(ge=0, le=1)] = 0.5
    std: Annotated[float, Field(gt=0, le=1)] = 0.5

    if TYPE_CHECKING:

        def __init__(self, **fields: Any) -> None: ...

        def __getattr__(self, strength: str) -> float: ...

    @property
    def augmentations(self) -> list[tuple[Augmentation, tuple[float, ...]]]:
        """The random steps that are taken, in order, each with its strengths."""
        all_steps = [(each, tuple(getattr(self, name) for name in each.strengths)) for each in AUGMENTATIONS]
        return [(each, strengths) for each, strengths in all_steps if any(strengths)]

    @property
    def augments(self) -> bool:
        """True if training takes at least one random step."""
        return bool(self.augmentations)


class _Presets(OneOf):
    """Accepts the name of a ready-made network, or its layers as JSON, in place of the layers."""

    def __call__(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = from_text(value)
        return super().__call__(value) if found is None else found


if TYPE_CHECKING:
    AnyKind = Kind
else:
    AnyKind = Annotated[reduce(or_, KINDS.values()), Field(discriminator="kind")]


class NetworkConfig(Config):
    """A network as data: the layers before the one that yields the ten logits, and their initial weights.

    Example:
        >>> NetworkConfig(layers="lenet").layers == NetworkConfig.from_json('{"layers": "lenet"}').layers
        True
    """

    layers: Annotated[tuple[AnyKind, ...], Field(max_length=24), BeforeValidator(_Presets(PRESETS))] = IMPROVED_NET
    """Convolutional and related layers, then fully connected ones; or the name of one of `PRESETS`."""
    initialisation: Annotated[str, AfterValidator(OneOf(INITIALISATIONS))] = "pytorch"
    initial_scale: Annotated[float, Field(ge=0, le=10)] = 1.0
    """The factor by which the initial weights are multiplied; biases are not."""


class TrainingConfig(Config):
    """The training variables of the lecture, its values as defaults.

    Example:
        >>> config = TrainingConfig(optimizer="sgd", learning_rate=0.05)
        >>> config.epochs, config.batch_size
        (4, 16)
    """

    epochs: Annotated[int, Field(ge=1, le=1000)] = 4
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    learning_rate: Annotated[float, Field(gt=0, le=100)] = 0.001
    optimizer: Annotated[str, AfterValidator(OneOf(OPTIMIZERS))] = "adam"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = False
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 0.0
    loss: Annotated[str, AfterValidator(OneOf(LOSSES))] = "cross_entropy"
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    schedule: Annotated[str, AfterValidator(OneOf(SCHEDULES))] = "constant"
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    device: Device = "auto"
    precision: Precision = "fp32"
    batches: BatchSource = "tensors"
    """Where batches come from: tensors prepared once, or the lecture's `DataLoader` that runs Pillow per sample."""


class RunConfig(Config):
    """Everything that determines the results of a run.

    Attributes:
        name: What people call the run, at most 120 characters.
        recipe: The recipe that it was started from, or "".
        data: What it is trained and tested on.
        transform: How an image becomes what the network reads.
        network: The layers, and their initial weights.
        training: The training variables.

    Raises:
        ConfigError: for an unknown field, a value outside its bounds, or a network that cannot be built for images
            of this size.

    Example:
        >>> config = RunConfig(name="Short", training=TrainingConfig(epochs=1))
        >>> config.transform.size, config.training.epochs
        (28, 1)
    """

    name: Annotated[str, Field(max_length=120)] = ""
    recipe: Annotated[str, Field(max_length=80)] = ""
    data: DataConfig = DataConfig()
    transform: TransformConfig = TransformConfig()
    network: NetworkConfig = NetworkConfig()
    training: TrainingConfig = TrainingConfig()

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        problem = problem_of(self.network.layers, self.transform.size)
        if problem is not None:
            raise ConfigError(f"The network cannot be built: {problem.sentence}.", [problem.sentence])
        return self


class Bounds(NamedTuple):
    """The range of a number; `open_below` if the lower end itself is not allowed, likewise above."""

    low: float
    high: float
    open_below: bool
    open_above: bool


def bounds(config: type[Config], field: str) -> Bounds:
    """Return the range that `config` accepts for a numeric `field`."""
    limits = {type(limit): limit for limit in config.model_fields[field].metadata}
    low = limits[Gt].gt if Gt in limits else limits[Ge].ge
    high = limits[Lt].lt if Lt in limits else limits[Le].le
    return Bounds(low, high, Gt in limits, Lt in limits)


def choices(config: type[Config], field: str) -> tuple[str, ...]:
    """Return the words that `config` accepts for `field`, in the order in which they are offered."""
    info = config.model_fields[field]
    validators = [each for each in info.metadata if isinstance(each, AfterValidator | BeforeValidator)]
    entries = [each.func for each in validators if isinstance(each.func, OneOf)]
    return tuple(entries[0].names) if entries else get_args(info.annotation)


def _as_config_error(error: ValidationError) -> ConfigError:
    problems = [text for problem in error.errors(include_url=False) for text in _problems(dict(problem))]
    return ConfigError("; ".join(problems) + ".", problems)


def _problems(problem: dict[str, Any]) -> list[str]:
    """Format one validation problem; a nested config's own problems with their field in front."""
    field = _in_words(problem["loc"])
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, ConfigError):
        return [f"{field}.{text}".lstrip(".") for text in cause.problems]
    if problem["type"] == "extra_forbidden":
        return [f"{field} is not a known setting"]
    if problem["type"] == "json_invalid":
        return [f"the text is not valid JSON ({cause})"]
    value = repr(problem["input"])
    value = value if len(value) <= 60 else value[:57] + "…"
    if problem["type"] == "string_too_long":
        length, limit = len(problem["input"]), problem["ctx"]["max_length"]
        return [f"{field} is {value} with {length} characters, but {limit} are the limit"]
    rule = problem["msg"].removeprefix("Input ").removeprefix("Value error, ")
    return [f"{field or 'the config'} is {value}, but {rule[0].lower()}{rule[1:]}"]


def _in_words(place: tuple[str | int, ...]) -> str:
    """Say where a problem is: `epochs`, `layer 2 (max pooling): kernel`."""
    if "layers" in place[:-1]:
        _, number, *rest = place[place.index("layers") :]
        kind, *field = rest or [""]
        title = f" ({KINDS[kind].title})" if kind in KINDS else ""
        return f"layer {int(number) + 1}{title}{':' if field else ''} {'.'.join(map(str, field))}".rstrip()
    return ".".join(map(str, place))
