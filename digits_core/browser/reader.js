/**
 * Read a handwritten digit with a trained network, as `recognition/recogniser.py` does: drawing → what the network
 * sees → layers → ten probabilities → whether it is a digit at all. It needs no page, so a worker can run it.
 * `browser/model.py` writes what `loadModel` takes: a description (layers, transform, thresholds) and its numbers.
 */

const GREY_LEVELS = 255;

/** Return a model that `read` takes. The buffers of all layers are allocated here, once. */
export function loadModel(description, bytes) {
  const array = (name) => decode(description.arrays[name], bytes);
  const layers = description.layers.map((layer) => {
    const [channels, height = 1, width = 1] = layer.output;
    return {
      name: layer.name,
      title: layer.title,
      channels,
      height,
      width,
      values: new Float32Array(channels * height * width),
      compute: kinds[layer.operator](layer, (weight) => array(`${layer.name}.${weight}`)),
      activate: layer.activation ? activations[layer.activation] : null,
    };
  });
  const { transform, refusal } = description;
  const input = new Float32Array(transform.size ** 2);
  const image = { name: "input", channels: 1, height: transform.size, width: transform.size, values: input };
  return {
    transform,
    layers,
    input,
    refuses: refusal ? refuser(refusal, [image, ...layers], transform.size, array) : null,
  };
}

/**
 * Read a drawing of one digit, dark on white paper: `grey` has `width` × `height` pixels, 255 for paper.
 *
 * Return null if there is no ink, else
 *   seen: Uint8Array(side * side), what the network sees, bright ink on 0; side
 *   logits, probabilities: Float32Array(10); digit: the most probable one
 *   refused: true if this does not look like a digit, false if it does, null if the run cannot tell
 *   layers: in order, each {name, title, channels, height, width, values}, the outputs after the activation function:
 *     channel by channel, row by row; hidden units are channels of 1 × 1. The next `read` overwrites `values`.
 */
export function read(model, grey, width, height) {
  const { transform, layers, input } = model;
  const ink = inkOf(grey, width, height);
  const box = boxOf(ink, transform.ink_level);
  if (!box) return null;
  const seen = see(ink, box, transform);
  for (let i = 0; i < seen.length; i++) input[i] = (seen[i] / GREY_LEVELS - transform.mean) / transform.std;
  let values = input;
  let logits = null;
  for (const layer of layers) {
    layer.compute(values, layer.values);
    if (layer === layers[layers.length - 1]) logits = layer.values.slice();
    layer.activate?.(layer.values);
    values = layer.values;
  }
  const probabilities = values.slice();
  const digit = probabilities.indexOf(Math.max(...probabilities));
  const refused = model.refuses && model.refuses(seen, logits, digit);
  return { seen, side: transform.size, logits, probabilities, digit, refused, layers };
}

/** Return the tones of a canvas, Uint8Array, from its RGBA pixels; what is transparent is white paper. */
export function greyOf(rgba) {
  const grey = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i++) {
    const alpha = rgba[4 * i + 3] / 255;
    // The weights of ITU-R 601, as Pillow has them.
    const tone = (19595 * rgba[4 * i] + 38470 * rgba[4 * i + 1] + 7471 * rgba[4 * i + 2] + 0x8000) >> 16;
    grey[i] = Math.round(alpha * tone + (1 - alpha) * 255);
  }
  return grey;
}

/* Layers ------------------------------------------------------------------------------------------------------- */

/**
 * What computes each kind of layer, by the name of its ONNX operator: from the layer's description and its arrays to
 * a function that fills `output` from `input`, both (channels, height, width).
 */
export const kinds = {
  Conv(layer, array) {
    const [channels, height, width] = layer.input;
    const [filters, rows, columns] = layer.output;
    const [kernel] = layer.attributes.kernel_shape;
    const [stride] = layer.attributes.strides;
    const [pad] = layer.attributes.pads;
    const length = channels * kernel * kernel;
    const multiply = pairProduct(inFours(array("weight"), filters, length), array("bias"), filters, length);
    const tall = height + 2 * pad;
    const wide = width + 2 * pad;
    const padded = new Float32Array(channels * tall * wide + stride); // a row of odd length ends with half a pair
    const pair = new Float32Array(2 * length);
    /** Collect what the windows of two neighbours see, and return whether that has changed. */
    const collect = (row, column) => {
      let changed = false;
      for (let channel = 0, to = 0; channel < channels; channel++) {
        let from = (channel * tall + row * stride) * wide + column * stride;
        for (let y = 0; y < kernel; y++, from += wide) {
          for (let x = 0; x < kernel; x++, to += 2) {
            const one = padded[from + x];
            const other = padded[from + x + stride];
            if (pair[to] !== one || pair[to + 1] !== other) changed = true;
            pair[to] = one;
            pair[to + 1] = other;
          }
        }
      }
      return changed;
    };
    return (input, output) => {
      for (let channel = 0, from = 0; channel < channels; channel++) {
        for (let row = 0; row < height; row++, from += width) {
          const to = (channel * tall + row + pad) * wide + pad;
          for (let i = 0; i < width; i++) padded[to + i] = input[from + i];
        }
      }
      const size = rows * columns;
      let before = -1;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column += 2) {
          const at = row * columns + column;
          const both = column + 1 < columns;
          // Half of a drawing is bare paper, which looks the same wherever the windows are.
          if (collect(row, column) || before < 0) multiply(pair, output, at, size, both);
          else copyPair(output, before, at, size, both);
          before = both ? at : -1;
        }
      }
    };
  },

  MaxPool(layer) {
    return pooling(layer, (input, from, width, kernel) => {
      let largest = input[from];
      for (let y = 0; y < kernel; y++) {
        for (let x = 0; x < kernel; x++) {
          const value = input[from + y * width + x];
          if (value > largest) largest = value;
        }
      }
      return largest;
    });
  },

  AveragePool(layer) {
    return pooling(layer, (input, from, width, kernel) => {
      let sum = 0;
      for (let y = 0; y < kernel; y++) {
        for (let x = 0; x < kernel; x++) sum += input[from + y * width + x];
      }
      return sum / (kernel * kernel);
    });
  },

  BatchNormalization(layer, array) {
    const [channels, height, width] = layer.output;
    const [scale, shift, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map(array);
    const slope = Float64Array.from(scale, (value, i) => value / Math.sqrt(variance[i] + layer.attributes.epsilon));
    return (input, output) => {
      for (let channel = 0, at = 0; channel < channels; channel++) {
        for (let i = 0; i < height * width; i++, at++) {
          output[at] = (input[at] - mean[channel]) * slope[channel] + shift[channel];
        }
      }
    };
  },

  Gemm(layer, array) {
    const length = layer.input.reduce((one, other) => one * other);
    const units = layer.output[0];
    const weights = inFours(array("weight"), units, length);
    const biases = array("bias");
    const places = new Int32Array(length);
    return (input, output) => {
      // After a ReLU, most of what comes in is 0, which adds nothing.
      let found = 0;
      for (let i = 0; i < length; i++) if (input[i] !== 0) places[found++] = i;
      for (let unit = 0, start = 0; unit < units; unit += 4, start += 4 * length) {
        let a = 0.0, b = 0.0, c = 0.0, d = 0.0;
        for (let k = 0; k < found; k++) {
          const value = input[places[k]];
          const at = start + 4 * places[k];
          a += weights[at] * value;
          b += weights[at + 1] * value;
          c += weights[at + 2] * value;
          d += weights[at + 3] * value;
        }
        store(output, 0, 1, unit, units, biases, a, b, c, d);
      }
    };
  },
};

/** What each activation function does to the values of a layer, in place, by the name of its ONNX operator. */
export const activations = {
  Relu(values) {
    for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
  },

  LeakyRelu(values) {
    for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] *= 0.01;
  },

  Tanh(values) {
    for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i]);
  },

  Sigmoid(values) {
    for (let i = 0; i < values.length; i++) values[i] = 1 / (1 + Math.exp(-values[i]));
  },

  Gelu(values) {
    for (let i = 0; i < values.length; i++) values[i] *= (1 + erf(values[i] * Math.SQRT1_2)) / 2;
  },

  Softmax(values) {
    const largest = Math.max(...values);
    const powers = Array.from(values, (value) => Math.exp(value - largest));
    const sum = powers.reduce((one, other) => one + other);
    for (let i = 0; i < values.length; i++) values[i] = powers[i] / sum;
  },
};

/** Return what makes one number of each window: `pooled` takes the maps, where it begins, how wide they and it are. */
function pooling(layer, pooled) {
  const [, height, width] = layer.input;
  const [channels, rows, columns] = layer.output;
  const [kernel] = layer.attributes.kernel_shape;
  const [stride] = layer.attributes.strides;
  return (input, output) => {
    for (let channel = 0, to = 0; channel < channels; channel++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          output[to++] = pooled(input, (channel * height + row * stride) * width + column * stride, width, kernel);
        }
      }
    }
  };
}

/** The error function to 1.5e-7 (Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26). */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
  return Math.sign(x) * (1 - series * Math.exp(-x * x));
}

/** Return a matrix (units, length) with the rows of four units interleaved: they are multiplied together. */
function inFours(weights, units, length) {
  const blocks = new Float32Array(Math.ceil(units / 4) * 4 * length);
  for (let unit = 0; unit < units; unit++) {
    const start = (unit - (unit % 4)) * length + (unit % 4);
    for (let i = 0; i < length; i++) blocks[start + 4 * i] = weights[unit * length + i];
  }
  return blocks;
}

/**
 * Return a function that multiplies a matrix with two vectors at once, interleaved as `pair`, and adds the biases: eight
 * sums from six numbers read. Unit u's go to output[start + u * step], and to the place after it if `both` are wanted.
 */
function pairProduct(weights, biases, units, length) {
  return (pair, output, start, step, both) => {
    for (let unit = 0, at = 0; unit < units; unit += 4) {
      let a = 0.0, b = 0.0, c = 0.0, d = 0.0;
      let e = 0.0, f = 0.0, g = 0.0, h = 0.0;
      for (let i = 0; i < 2 * length; i += 2, at += 4) {
        const one = pair[i];
        const other = pair[i + 1];
        const first = weights[at];
        const second = weights[at + 1];
        const third = weights[at + 2];
        const fourth = weights[at + 3];
        a += first * one;
        b += second * one;
        c += third * one;
        d += fourth * one;
        e += first * other;
        f += second * other;
        g += third * other;
        h += fourth * other;
      }
      store(output, start, step, unit, units, biases, a, b, c, d);
      if (both) store(output, start + 1, step, unit, units, biases, e, f, g, h);
    }
  };
}

/** Store the sums of up to four units, with their biases. */
function store(output, start, step, unit, units, biases, a, b, c, d) {
  const to = start + unit * step;
  output[to] = a + biases[unit];
  if (unit + 1 < units) output[to + step] = b + biases[unit + 1];
  if (unit + 2 < units) output[to + 2 * step] = c + biases[unit + 2];
  if (unit + 3 < units) output[to + 3 * step] = d + biases[unit + 3];
}

/** Copy the sums of all units from one place to another, and those of the place after it if `both` are wanted. */
function copyPair(output, from, to, step, both) {
  for (let start = 0; start < output.length; start += step) {
    output[start + to] = output[start + from];
    if (both) output[start + to + 1] = output[start + from + 1];
  }
}

/* From a drawing to what the network sees ---------------------------------------------------------------------- */

/** Return the ink of a drawing, bright on 0, in the middle of a square: `recognition/sample.py`, `drawn`. */
function inkOf(grey, width, height) {
  const side = Math.max(width, height);
  const pixels = new Uint8Array(side * side);
  const top = Math.floor((side - height) / 2);
  const left = Math.floor((side - width) / 2);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      pixels[(top + row) * side + left + column] = GREY_LEVELS - grey[row * width + column];
    }
  }
  return { pixels, width: side, height: side };
}

/** Return ink as the network sees it, Uint8Array(size * size): `transforms/batched.py`, `prepare`. */
function see(ink, box, transform) {
  const { size, interpolation } = transform;
  if (transform.centre) return centred(cutOut(ink, box), transform);
  if (ink.width === size && ink.height === size) return ink.pixels;
  return (interpolation === "nearest" ? nearest : resized)(ink, size, size, interpolation).pixels;
}

/** Scale ink that is cut out to its size and move its centre of mass to the middle: `transforms/centring.py`. */
function centred(cut, { size, ink_side }) {
  const factor = ink_side / Math.max(cut.height, cut.width);
  const [rows, columns] = [cut.height, cut.width].map((side) => Math.max(1, roundEven(side * factor)));
  const { pixels } = resized(cut, columns, rows, "bilinear");
  let [mass, down, across] = [0, 0, 0];
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, i++) {
      mass += pixels[i];
      down += pixels[i] * row;
      across += pixels[i] * column;
    }
  }
  mass = Math.max(mass, 1);
  const place = (sum, side) => Math.min(Math.max(roundEven(size / 2 - (sum / mass + 0.5)), 0), size - side);
  const [top, left] = [place(down, rows), place(across, columns)];
  const square = new Uint8Array(size * size);
  for (let row = 0; row < rows; row++) {
    square.set(pixels.subarray(row * columns, (row + 1) * columns), (top + row) * size + left);
  }
  return square;
}

/** Return the smallest box around the pixels from `level` on, `bottom` and `right` outside of it; null without any. */
function boxOf({ pixels, width, height }, level) {
  const box = { top: height, left: width, bottom: 0, right: 0 };
  for (let row = 0, start = 0; row < height; row++, start += width) {
    let first = 0;
    while (first < width && pixels[start + first] < level) first++;
    if (first === width) continue;
    let end = width;
    while (pixels[start + end - 1] < level) end--;
    box.top = Math.min(box.top, row);
    box.bottom = row + 1;
    box.left = Math.min(box.left, first);
    box.right = Math.max(box.right, end);
  }
  return box.bottom ? box : null;
}

function cutOut({ pixels, width }, { top, left, bottom, right }) {
  const cut = new Uint8Array((bottom - top) * (right - left));
  for (let row = top; row < bottom; row++) {
    cut.set(pixels.subarray(row * width + left, row * width + right), (row - top) * (right - left));
  }
  return { pixels: cut, width: right - left, height: bottom - top };
}

/**
 * Resize 8-bit pixels with anti-aliasing in whole numbers, rows first, as PyTorch does for uint8 (`aten/src/ATen/
 * native/cpu/UpSampleKernel.cpp`), which has it from Pillow.
 */
function resized({ pixels, width, height }, columns, rows, interpolation) {
  const narrow = new Uint8ClampedArray(height * columns);
  const across = windows(width, columns, filters[interpolation]);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      narrow[row * columns + column] = weighted(pixels, row * width, 1, across, column);
    }
  }
  const small = new Uint8ClampedArray(rows * columns);
  const down = windows(height, rows, filters[interpolation]);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      small[row * columns + column] = weighted(narrow, column, columns, down, row);
    }
  }
  return { pixels: new Uint8Array(small.buffer), width: columns, height: rows };
}

/** The filters by the interpolation: how far each reaches, and its weight at a distance. */
const filters = {
  bilinear: { reach: 1, weight: (away) => Math.max(0, 1 - away) },
  bicubic: {
    reach: 2,
    weight(away) {
      const a = -0.5;
      if (away < 1) return ((a + 2) * away - (a + 3)) * away * away + 1;
      return away < 2 ? ((away - 5) * away + 8) * away * a - 4 * a : 0;
    },
  },
};

/** Return for each of `size` pixels which of `length` it is made of, and the weights of these in whole numbers. */
function windows(length, size, { reach, weight }) {
  const scale = length / size;
  const stretch = Math.max(scale, 1);
  const found = [];
  let largest = 0;
  for (let i = 0; i < size; i++) {
    const middle = scale * (i + 0.5);
    const start = Math.max(Math.trunc(middle - reach * stretch + 0.5), 0);
    const end = Math.min(Math.trunc(middle + reach * stretch + 0.5), length);
    const weights = [];
    let sum = 0;
    for (let j = start; j < end; j++) {
      weights.push(weight(Math.abs((j - middle + 0.5) / stretch)));
      sum += weights[weights.length - 1];
    }
    const shares = weights.map((each) => each / sum);
    largest = Math.max(largest, ...shares);
    found.push({ start, shares });
  }
  let bits = 0;
  while (bits < 22 && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) bits++;
  const whole = (share) => Math.trunc(share * 2 ** bits + (share < 0 ? -0.5 : 0.5));
  return { bits, places: found.map(({ start, shares }) => ({ start, weights: Int32Array.from(shares, whole) })) };
}

function weighted(pixels, from, step, { bits, places }, place) {
  const { start, weights } = places[place];
  let sum = 1 << (bits - 1);
  for (let i = 0, at = from + start * step; i < weights.length; i++, at += step) sum += weights[i] * pixels[at];
  return sum >> bits;
}

/** Resize by taking one pixel for each, as Pillow does. */
function nearest({ pixels, width, height }, columns, rows) {
  const places = (length, size) => {
    const found = [];
    for (let i = 0, place = length / size / 2; i < size; i++, place += length / size) found.push(Math.trunc(place));
    return found;
  };
  const across = places(width, columns);
  const small = places(height, rows).flatMap((row) => across.map((column) => pixels[row * width + column]));
  return { pixels: Uint8Array.from(small), width: columns, height: rows };
}

/** Round to the nearest whole number, halves to the even one, as Python and PyTorch do. */
function roundEven(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/* Not a digit -------------------------------------------------------------------------------------------------- */

/** Return a function that says whether an answer is refused: `recognition/out_of_distribution.py`, `digit_score.py`. */
function refuser(refusal, layers, size, array) {
  const weights = array("score");
  const referenceHidden = array("references.hidden");
  const referencePixels = blurredDirections(array("references.seen"), size);
  const [hidden, first, maps] = refusal.layers.map((name) => layers.find((layer) => layer.name === name));
  return (seen, logits, digit) => {
    const sorted = Array.from(logits).sort((one, other) => other - one);
    if (sorted[0] - sorted[1] < refusal.least_margin) return true;
    const pixels = blurredDirections(seen, size);
    const [begin, end] = [refusal.starts[digit], refusal.starts[digit + 1]];
    const coarse = averaged(maps);
    const [hiddenRow, firstRow] = [hidden, first].map((layer) => (layer === maps ? coarse : layer.values));
    const inHidden = direction(hiddenRow);
    let at = 0;
    let score = refusal.intercept;
    const add = (values) => {
      for (let i = 0; i < values.length; i++) score += weights[at++] * values[i];
    };
    add(inHidden);
    add([Math.log1p(length(hiddenRow))]);
    add(sorted.slice(0, refusal.largest_logits));
    add([highest(inHidden, referenceHidden), begin < end ? highest(pixels, referencePixels, begin, end) : 0]);
    add(direction(firstRow));
    add([Math.log1p(length(firstRow))]);
    add(direction(coarse));
    return score < refusal.threshold;
  };
}

/** Return the largest product of a vector with the rows `begin` to `end` of a matrix. */
function highest(vector, matrix, begin = 0, end = matrix.length / vector.length) {
  const length = vector.length;
  let largest = -Infinity;
  for (let row = begin, at = begin * length; row < end; row++) {
    // Two sums, so that one addition need not wait for the other.
    let even = 0.0, odd = 0.0, i = 0;
    for (; i + 1 < length; i += 2, at += 2) {
      even += vector[i] * matrix[at];
      odd += vector[i + 1] * matrix[at + 1];
    }
    if (i < length) even += vector[i] * matrix[at++];
    largest = Math.max(largest, even + odd);
  }
  return largest;
}

/** Return images blurred by one pixel, 0 around them, each at length 1. */
function blurredDirections(images, size) {
  const count = images.length / size ** 2;
  const result = new Float32Array(images.length);
  const sums = new Float32Array(size * size);
  for (let image = 0; image < count; image++) {
    const own = images.subarray(image * size * size, (image + 1) * size * size);
    for (let i = 0; i < own.length; i++) {
      const column = i % size;
      sums[i] = own[i] + (column ? own[i - 1] : 0) + (column < size - 1 ? own[i + 1] : 0);
    }
    const blurred = result.subarray(image * size * size, (image + 1) * size * size);
    for (let i = 0; i < own.length; i++) {
      blurred[i] = sums[i] + (i >= size ? sums[i - size] : 0) + (i + size < own.length ? sums[i + size] : 0);
    }
    const scale = Math.max(length(blurred), 1e-9);
    for (let i = 0; i < own.length; i++) blurred[i] /= scale;
  }
  return result;
}

/** Return the mean of each 2 × 2 of a layer's maps; maps of a single row or column stay as they are. */
function averaged({ channels, height, width, values }) {
  if (Math.min(height, width) < 2) return values.slice();
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  const means = new Float32Array(channels * rows * columns);
  for (let channel = 0, to = 0; channel < channels; channel++) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, to++) {
        const from = (channel * height + 2 * row) * width + 2 * column;
        means[to] = (values[from] + values[from + 1] + values[from + width] + values[from + width + 1]) / 4;
      }
    }
  }
  return means;
}

function length(values) {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

function direction(values) {
  const scale = Math.max(length(values), 1e-9);
  return values.map((value) => value / scale);
}

/* Numbers ------------------------------------------------------------------------------------------------------ */

/** Return an array of the model from the block of all of them. */
function decode({ type, offset, length }, bytes) {
  if (type === "float32") return new Float32Array(bytes.slice(offset, offset + 4 * length));
  if (type === "float16") return widened(new Uint16Array(bytes.slice(offset, offset + 2 * length)));
  return withoutRuns(new Uint8Array(bytes, offset), length);
}

function widened(halves) {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < values.length; i++) values[i] = HALVES[halves[i]];
  return values;
}

/** The numbers that 16 bits stand for (IEEE 754, binary16), by these bits. */
const HALVES = Float32Array.from({ length: 1 << 16 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** Return `length` bytes in which each 0 was followed by how many zeros there are in a row. */
function withoutRuns(packed, length) {
  const bytes = new Uint8Array(length);
  for (let at = 0, from = 0; at < length; ) {
    const byte = packed[from++];
    if (byte) bytes[at++] = byte;
    else at += packed[from++];
  }
  return bytes;
}
