"""A network as a text of its own: the class as a student would write it, and a program around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import Environment, StrictUndefined

from digits_core.network.improved_net import LAYERS, ImprovedNet
from digits_core.network.layers import Layer, place_layers

NAME = ImprovedNet.__name__

_ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)

_CLASS = _ENVIRONMENT.from_string('''\
class {{ name }}(nn.Module):
    """Images float32 (B, 1, S, S), normalised → logits float32 (B, 10). The lecture has S = 28 and dropout 0.3."""

    def __init__(self, size=28, dropout=0.3):
        super().__init__()
        self.size = size
{% for layer, call in calls %}
        self.{{ layer.name }} = {{ call.source }}
{% endfor %}
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):  # {{ shape(layers[0].input_shape) }}
        x = self._convolve(x).flatten(1)  # (B, {{ flattened }})
{% for layer in connected[:-1] %}
        x = {{ step(layer) }}  # {{ shape(layer.output_shape) }}
{% endfor %}
        return self.{{ connected[-1].name }}(x)  # {{ shape(connected[-1].output_shape) }}

    def _convolve(self, x):
{% for layer in mapped[:-1] %}
        x = {{ step(layer) }}  # {{ shape(layer.output_shape) }}
{% endfor %}
        return {{ step(mapped[-1]) }}  # {{ shape(mapped[-1].output_shape) }}

    def _get_flattened_size(self):
        """How many numbers one image becomes before the first fully connected layer."""
        with torch.no_grad():
            return self._convolve(torch.zeros(1, 1, self.size, self.size)).numel()
''')

_PROGRAM = _ENVIRONMENT.from_string("""\
import torch
from torch import nn
from torch.nn import functional as nnf


{{ source }}


torch.manual_seed({{ seed }})
network = {{ name }}(size={{ size }}, dropout={{ "%g" % dropout }})
print(network)
print(f"{sum(weights.numel() for weights in network.parameters()):,} parameters")
print(network(torch.zeros(1, 1, {{ size }}, {{ size }})).shape)
""")


def as_class(layers: Sequence[Layer]) -> str:
    """Return Python that defines a network of these layers; it names `torch`, `nn` and `nnf`."""
    mapped = [layer for layer in layers if len(layer.output_shape) > 1]
    connected = layers[len(mapped) :]
    # Written down as the lecture does: the size is computed, so that the class serves images of any size.
    calls = [(layer, layer.call) for layer in layers]
    computed = replace(connected[0].call, arguments=("self._get_flattened_size()", *connected[0].call.arguments[1:]))
    calls[len(mapped)] = (connected[0], computed)
    return _CLASS.render(
        name=NAME,
        layers=layers,
        calls=calls,
        mapped=mapped,
        connected=connected,
        shape=_shape,
        step=_step,
        flattened=connected[0].call.arguments[0],
    )


def as_source(size: int, dropout: float, seed: int = 0) -> str:
    """Return Python that defines `ImprovedNet`, builds one as `network` and runs it once; it needs torch alone."""
    source = as_class(place_layers(LAYERS, size, dropout))
    return _PROGRAM.render(source=source, name=NAME, size=size, dropout=dropout, seed=seed) + "\n"


def _step(layer: Layer) -> str:
    """A layer with what follows it, applied to `x`."""
    source = f"self.{layer.name}(x)"
    source = layer.function.source.format(source) if layer.function else source
    return f"self.dropout({source})" if layer.dropout is not None else source


def _shape(shape: Sequence[int]) -> str:
    return f"(B, {', '.join(map(str, shape))})"
