// Runs in a worker, below reader.js in one module: reads pictures with the networks that it was given, so that the pen
// never waits for an answer.
const models = new Map();

// Each channel as an image of its own, in a grid: grey values of what is above 0, as RGBA.
function drawn({ name, title, channels, height, width, values }) {
  const columns = height * width === 1 ? channels : Math.min(channels, width > 14 ? 16 : 32);
  const gap = height * width === 1 ? 0 : 1;
  const picture = {
    name,
    title,
    channels,
    size: [height, width],
    width: columns * (width + gap) - gap,
    height: Math.ceil(channels / columns) * (height + gap) - gap,
  };
  let most = 1e-6;
  for (const value of values) if (value > most) most = value;
  const pixels = new Uint8ClampedArray(picture.width * picture.height * 4);
  for (let channel = 0, at = 0; channel < channels; channel += 1) {
    const left = (channel % columns) * (width + gap);
    const top = Math.floor(channel / columns) * (height + gap);
    for (let row = 0; row < height; row += 1) {
      let pixel = ((top + row) * picture.width + left) * 4;
      for (let column = 0; column < width; column += 1, at += 1, pixel += 4) {
        const level = (values[at] / most) * 255;
        pixels[pixel] = pixels[pixel + 1] = pixels[pixel + 2] = level;
        pixels[pixel + 3] = 255;
      }
    }
  }
  return { ...picture, pixels };
}

function answerOf(answer, layers) {
  if (!answer) return null;
  const { seen, side, probabilities, digit, refused } = answer;
  // What comes out of the last layer is in the bars.
  const shown = layers ? answer.layers.slice(0, -1).map(drawn) : [];
  return { seen, side, probabilities, digit, refused, layers: shown };
}

// The first readings of a network take ten times as long as those after them, and a person's first stroke need not wait.
function warmUp(model) {
  const side = 64;
  const grey = Uint8Array.from({ length: side * side }, (_, pixel) => 4 * (pixel % side));
  for (let time = 0; time < 2; time += 1) read(model, grey, side, side);
}

self.onmessage = ({ data }) => {
  try {
    if (data.bytes) {
      const length = new DataView(data.bytes).getUint32(0, true);
      const description = JSON.parse(new TextDecoder().decode(new Uint8Array(data.bytes, 4, length)));
      const model = loadModel(description, data.bytes.slice(4 + length));
      warmUp(model);
      models.set(data.id, model);
      self.postMessage({ loaded: data.id });
    } else {
      const { ticket, ids, grey, width, height, layers } = data;
      // The layers of the first run only: they are what is looked at.
      const answers = ids.map((id, place) => answerOf(read(models.get(id), grey, width, height), layers && !place));
      self.postMessage({ ticket, answers });
    }
  } catch (error) {
    self.postMessage({ failed: data.id ?? null, ticket: data.ticket, message: String(error) });
  }
};
