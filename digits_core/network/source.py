"""A network as a text of its own: the class as a student would write it, and a program around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jinja2 import Environment, StrictUndefined

from digits_core.config import NetworkConfig
from digits_core.entries.initialisations import INITIALISATIONS
from digits_core.layers.placed import Layer, place_layers
from digits_core.layers.presets import IMPROVED_NET, class_name

_ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)

_CLASS = _ENVIRONMENT.from_string('''\
class {{ name }}(nn.Module):
    """Images float32 (B, 1, S, S), normalised → logits float32 (B, 10).{{ remark }}"""

    def __init__(self, size=28, dropout=0.3):
        super().__init__()
        self.size = size
{% if early_dropout %}
        self.dropout = nn.Dropout(dropout)
{% endif %}
{% for layer, call in calls %}
        self.{{ layer.name }} = {{ call.source }}
{% endfor %}
{% if not early_dropout %}
        self.dropout = nn.Dropout(dropout)
{% endif %}
{% if start %}
        for layer in ({{ start_of }},):
{% for line in start %}
            {{ line }}
{% endfor %}
{% endif %}

    def forward(self, x):  # {{ shape(layers[0].input_shape) }}
        x = {{ "self._convolve(x)" if mapped else "x" }}.flatten(1)  # (B, {{ flattened }})
{% for layer in connected[:-1] %}
        x = {{ step(layer) }}  # {{ shape(layer.output_shape) }}
{% endfor %}
        return self.{{ connected[-1].name }}(x)  # {{ shape(connected[-1].output_shape) }}
{% if mapped %}

    def _convolve(self, x):
{% for layer in mapped[:-1] %}
        x = {{ step(layer) }}  # {{ shape(layer.output_shape) }}
{% endfor %}
        return {{ step(mapped[-1]) }}  # {{ shape(mapped[-1].output_shape) }}

    def _get_flattened_size(self):
        """How many numbers one image becomes before the first fully connected layer."""
{% if collects %}
        self.eval()  # these zeros are no data for batch norm, and dropout need not draw for them
        with torch.no_grad():
            size = self._convolve(torch.zeros(1, 1, self.size, self.size)).numel()
        self.train()
        return size
{% else %}
        with torch.no_grad():
            return self._convolve(torch.zeros(1, 1, self.size, self.size)).numel()
{% endif %}
{% endif %}
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
print(network.eval()(torch.zeros(1, 1, {{ size }}, {{ size }})).shape)
""")


def as_class(network: NetworkConfig, size: int, dropout: float) -> str:
    """Return Python that defines a network; it names `torch`, `nn` and `nnf`."""
    layers = place_layers(network.layers, size, dropout)
    mapped = [layer for layer in layers if len(layer.output_shape) > 1]
    connected = layers[len(mapped) :]
    # Written down as the lecture does: the size is computed, so that the class serves images of any size.
    calls = [(layer, layer.call) for layer in layers]
    inputs = "self._get_flattened_size()" if mapped else "size * size"
    computed = replace(connected[0].call, arguments=(inputs, *connected[0].call.arguments[1:]))
    calls[len(mapped)] = (connected[0], computed)
    return _CLASS.render(
        name=class_name(network.layers),
        remark=" The lecture has S = 28 and dropout 0.3." if network.layers == IMPROVED_NET else "",
        early_dropout=any(layer.dropout is not None for layer in mapped),
        collects=any(layer.kind.collects or layer.dropout is not None for layer in mapped),
        start=_start(network),
        start_of=", ".join(f"self.{layer.name}" for layer in layers if _has_matrix(layer)),
        layers=layers,
        calls=calls,
        mapped=mapped,
        connected=connected,
        shape=_shape,
        step=_step,
        flattened=connected[0].call.arguments[0],
    )


def as_source(network: NetworkConfig, size: int, dropout: float, seed: int = 0) -> str:
    """Return Python that defines a network, builds it as `network` and runs it once; it needs torch alone."""
    source, name = as_class(network, size, dropout), class_name(network.layers)
    return _PROGRAM.render(source=source, name=name, size=size, dropout=dropout, seed=seed) + "\n"


def _start(network: NetworkConfig) -> list[str]:
    """Return what sets the starting weights of one `layer`, where they are not PyTorch's own."""
    code = INITIALISATIONS[network.initialisation].code
    return [
        *([code.replace("weights", "layer.weight"), "nn.init.zeros_(layer.bias)"] if code else []),
        *([f"layer.weight.data *= {network.initial_scale:g}"] if network.initial_scale != 1 else []),
    ]


def _has_matrix(layer: Layer) -> bool:
    """Return True if its weights are more than a number for each map, unlike those of batch norm."""
    return layer.kind.weights == ("weight", "bias")


def _step(layer: Layer) -> str:
    """Return the code that applies a layer, with what follows it, to `x`."""
    source = f"self.{layer.name}(x)"
    source = layer.function.source.format(source) if layer.function else source
    return f"self.dropout({source})" if layer.dropout is not None else source


def _shape(shape: Sequence[int]) -> str:
    return f"(B, {', '.join(map(str, shape))})"
