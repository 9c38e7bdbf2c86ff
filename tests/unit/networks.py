"""Networks for tests: ImprovedNet with its starting weights, and one that has all that a network can have."""

from digits_core.config import RunConfig, TrainingConfig, TransformConfig
from digits_core.layers.kinds.average_pooling import AveragePooling
from digits_core.layers.kinds.batch_normalisation import BatchNormalisation
from digits_core.layers.kinds.convolution import Convolution
from digits_core.layers.kinds.fully_connected import FullyConnected
from digits_core.layers.kinds.max_pooling import MaxPooling
from digits_core.network.build import build_network
from digits_core.network.layered_network import Network

EVERY_KIND = (
    Convolution(4, 5, 2, "none"),
    BatchNormalisation(activation="gelu"),
    AveragePooling(),
    Convolution(3, 1, activation="leaky_relu", dropout=True),
    MaxPooling(3, 1),
    FullyConnected(7, activation="tanh", dropout=True),
    FullyConnected(6, activation="sigmoid"),
)


def config_of(size: int = 28, dropout: float = 0.3, seed: int = 0) -> RunConfig:
    return RunConfig(transform=TransformConfig(size=size), training=TrainingConfig(dropout=dropout, seed=seed))


def improved_net(size: int = 28, dropout: float = 0.3, seed: int = 0) -> Network:
    return build_network(config_of(size, dropout, seed))
