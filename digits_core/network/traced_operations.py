"""The operations that a traced network may consist of. What is not listed here is never looked up, let alone run.

Each computes tensors from tensors and numbers. None of them reads or writes a file, changes what it is given, shows
memory that was not written (`empty`, `as_strided`), draws random numbers, or puts out a shape that depends on values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from digits_core.errors import NetworkError

_ALLOWED = """
layers: linear.default embedding.default conv1d.default conv1d.padding conv2d.default conv2d.padding conv3d.default
  conv3d.padding convolution.default conv_transpose1d.default conv_transpose2d.input conv_transpose3d.input
  max_pool1d.default max_pool2d.default max_pool2d_with_indices.default max_pool3d.default
  max_pool3d_with_indices.default avg_pool1d.default avg_pool2d.default avg_pool3d.default adaptive_avg_pool1d.default
  adaptive_avg_pool2d.default adaptive_avg_pool3d.default _adaptive_avg_pool2d.default adaptive_max_pool1d.default
  adaptive_max_pool2d.default lstm.input gru.input rnn_relu.input rnn_tanh.input scaled_dot_product_attention.default
normalisations: batch_norm.default instance_norm.default layer_norm.default native_layer_norm.default
  group_norm.default rms_norm.default
activation functions: relu.default relu6.default leaky_relu.default prelu.default _prelu_kernel.default elu.default
  celu.default selu.default gelu.default silu.default mish.default glu.default hardshrink.default hardsigmoid.default
  hardswish.default hardtanh.default softshrink.default softplus.default threshold.default sigmoid.default
  log_sigmoid.default log_sigmoid_forward.default tanh.default softmax.int _softmax.default log_softmax.int
  _log_softmax.default
arithmetic: add.Tensor add.Scalar sub.Tensor sub.Scalar rsub.Tensor rsub.Scalar mul.Tensor mul.Scalar div.Tensor
  div.Scalar div.Tensor_mode div.Scalar_mode floor_divide.default floor_divide.Scalar remainder.Tensor
  remainder.Scalar remainder.Scalar_Tensor fmod.Tensor fmod.Scalar pow.Tensor_Tensor pow.Tensor_Scalar pow.Scalar
  square.default sqrt.default rsqrt.default reciprocal.default neg.default abs.default sign.default sgn.default
  exp.default exp2.default expm1.default log.default log1p.default log2.default log10.default logaddexp.default
  logit.default xlogy.Tensor erf.default erfc.default erfinv.default sin.default cos.default tan.default asin.default
  acos.default atan.default atan2.default sinh.default cosh.default asinh.default acosh.default atanh.default
  sinc.default deg2rad.default floor.default ceil.default round.default round.decimals trunc.default frac.default
  clamp.default clamp.Tensor clamp_min.default clamp_min.Tensor clamp_max.default clamp_max.Tensor maximum.default
  minimum.default lerp.Scalar lerp.Tensor addcmul.default addcdiv.default nan_to_num.default
sums of products: mm.default bmm.default matmul.default addmm.default addmv.default baddbmm.default mv.default
  dot.default outer.default einsum.default pairwise_distance.default cosine_similarity.default
along a dimension: sum.default sum.dim_IntList mean.default mean.dim prod.default prod.dim_int amax.default
  amin.default max.default max.dim max.other min.default min.dim min.other argmax.default argmin.default
  median.default median.dim var.default var.dim var.correction std.default std.dim std.correction var_mean.dim
  var_mean.correction std_mean.correction norm.Scalar norm.ScalarOpt_dim linalg_vector_norm.default logsumexp.default
  any.default any.dim all.default all.dim cumsum.default cumprod.default logcumsumexp.default sort.default sort.stable
  argsort.default argsort.stable topk.default
comparisons: eq.Tensor eq.Scalar ne.Tensor ne.Scalar lt.Tensor lt.Scalar le.Tensor le.Scalar gt.Tensor gt.Scalar
  ge.Tensor ge.Scalar logical_and.default logical_or.default logical_xor.default logical_not.default
  bitwise_and.Tensor bitwise_and.Scalar bitwise_or.Tensor bitwise_or.Scalar bitwise_xor.Tensor bitwise_xor.Scalar
  bitwise_not.default isfinite.default isinf.default isnan.default where.self where.ScalarOther where.ScalarSelf
  where.Scalar masked_fill.Scalar masked_fill.Tensor tril.default triu.default bucketize.Tensor
shapes: view.default _unsafe_view.default reshape.default flatten.using_ints unflatten.int squeeze.default squeeze.dim
  squeeze.dims unsqueeze.default permute.default transpose.int t.default movedim.int movedim.intlist swapaxes.default
  swapdims.default expand.default expand_as.default repeat.default repeat_interleave.self_int tile.default
  broadcast_tensors.default cat.default stack.default split.Tensor split.sizes split_with_sizes.default
  unsafe_split.Tensor unsafe_split_with_sizes.default chunk.default unsafe_chunk.default unbind.int select.int
  slice.Tensor narrow.default select_scatter.default slice_scatter.default index.Tensor index_select.default
  index_put.default gather.default scatter.src scatter.value scatter_add.default roll.default flip.default
  diag.default diagonal.default unfold.default im2col.default col2im.default pixel_shuffle.default
  pixel_unshuffle.default channel_shuffle.default one_hot.default
pictures: pad.default constant_pad_nd.default reflection_pad1d.default reflection_pad2d.default
  replication_pad1d.default replication_pad2d.default upsample_nearest1d.vec upsample_nearest2d.vec
  upsample_nearest2d.default _upsample_nearest_exact2d.vec upsample_linear1d.vec upsample_bilinear2d.vec
  upsample_bilinear2d.default _upsample_bilinear2d_aa.vec upsample_bicubic2d.vec grid_sampler.default
  grid_sampler_2d.default affine_grid_generator.default
copies: clone.default contiguous.default alias.default detach.default copy.default lift_fresh.default
  lift_fresh_copy.default _to_copy.default
new tensors: full.default full_like.default zeros.default zeros_like.default ones.default ones_like.default
  new_full.default new_zeros.default new_ones.default fill.Scalar fill.Tensor scalar_tensor.default eye.default eye.m
  arange.default arange.start arange.start_step linspace.default
"""

_OPERATIONS = frozenset(f"aten.{word}" for word in _ALLOWED.split() if "." in word)
_PLACELESS = ("full", "zeros", "ones", "scalar_tensor", "eye", "arange", "linspace")
"""They read no tensor, so they must be told on which device the images are."""
_RANDOM = ("dropout", "rand", "bernoulli", "normal", "multinomial", "exponential", "poisson", "rrelu")
LARGEST_NUMBER = 2**40
"""Of an integer that a program computes: beyond any size, and far below what takes Python long."""


def _bounded(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Let it compute with numbers alone, and put out none that is too large."""

    def bounded(*numbers: Any) -> Any:
        if not all(isinstance(number, int | float) for number in numbers):
            raise TypeError("takes numbers alone")
        if abs(result := compute(*numbers)) > LARGEST_NUMBER:
            raise OverflowError("puts out a number that is too large")
        return result

    return bounded


def _size(tensor: Tensor, dimension: int) -> int:
    return tensor.shape[dimension]


def _item(tensors: Any, place: Any) -> Any:
    if not isinstance(tensors, tuple | list) or type(place) is not int:
        raise TypeError("takes one of several tensors by its number")
    return tensors[place]


_NUMBERS: dict[str, Callable[..., Any]] = {
    "aten.sym_size.int": _size,
    "operator.getitem": _item,
    "operator.add": _bounded(operator.add),
    "operator.sub": _bounded(operator.sub),
    "operator.mul": _bounded(operator.mul),
    "operator.floordiv": _bounded(operator.floordiv),
    "operator.truediv": _bounded(operator.truediv),
    "operator.mod": _bounded(operator.mod),
    "operator.neg": _bounded(operator.neg),
    "sym_float": _bounded(float),
}


def _copy(into: Tensor, values: Tensor) -> Tensor:
    """Return values in the shape and type of `into`; PyTorch's own `copy` has no gradient."""
    return values.to(into.dtype).expand(into.shape)


_AS_RESHAPE = ("aten.view.default", "aten._unsafe_view.default")
"""A view asks how numbers lie in memory, which is another way where images come channels last."""


def is_allowed(op: str) -> bool:
    return op in _OPERATIONS or op in _NUMBERS


def needs_device(op: str) -> bool:
    """Return whether it has to be told on which device to make its tensor."""
    return op in _OPERATIONS and op.split(".")[1] in _PLACELESS


def find(op: str) -> Callable[..., Any]:
    """Return the function of an allowed operation; `NetworkError` for any other, named in one sentence."""
    if op in _NUMBERS:
        return _NUMBERS[op]
    if op not in _OPERATIONS:
        raise NetworkError(refusal(op))
    if op in _AS_RESHAPE:
        return torch.ops.aten.reshape.default
    if op == "aten.copy.default":
        return _copy
    _, name, overload = op.split(".")
    return getattr(getattr(torch.ops.aten, name), overload)


def refusal(op: str) -> str:
    """Return why an operation may not be in a traced network."""
    if any(word in op for word in _RANDOM):
        return (
            f"The network draws random numbers ({op[:100]}) in eval mode too, so it has no fixed answer. Give "
            "nnf.dropout training=self.training, or use nn.Dropout."
        )
    return f"The network uses the operation “{op[:100]}”, which a traced network may not have."
