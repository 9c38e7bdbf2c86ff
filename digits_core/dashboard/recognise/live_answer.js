// Shows what networks make of the drawing on a paper: while the pen moves what they say here, in the browser, and after
// each stroke what the server says, in its place. Every text goes in as text, never as HTML.

const PATIENCE_MS = 2000; // so long the answer to an earlier stroke is not shown in place of that to a later one
const ALIKE = 12; // mean difference of two pictures' pixels, of 255, below which they show the same drawing
const KEPT_RUNS = 8; // in the browser's store

// --- The networks, in a worker that all papers of the tab share ---

function workshop() {
  if (window.digitsLabWorkshop) return window.digitsLabWorkshop;
  const source = new Blob([WORKER_SOURCE], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(source), { type: "module" });
  const shared = { worker, loading: new Map(), loaded: new Map(), waiting: new Map(), tickets: 0 };
  worker.onmessage = ({ data }) => {
    const settle = data.ticket === undefined ? shared.loaded.get(data.loaded ?? data.failed) : shared.waiting.get(data.ticket);
    shared.waiting.delete(data.ticket);
    settle?.(data);
  };
  window.digitsLabWorkshop = shared;
  return shared;
}

// Weights never change under their id: the browser keeps them, where it may, for the next visit.
async function bytesOf({ id, weights }) {
  const store = await window.caches?.open("digits-lab-weights").catch(() => null);
  const name = appAddress(`/digits-lab/weights/${id}`);
  const kept = await store?.match(name);
  if (kept) return kept.arrayBuffer();
  const response = await fetch(appAddress(weights));
  if (!response.ok) throw new Error(`the weights could not be loaded: ${response.status}`);
  if (store) {
    const names = await store.keys();
    await Promise.all(names.slice(0, Math.max(0, names.length - KEPT_RUNS + 1)).map((each) => store.delete(each)));
    await store.put(name, response.clone());
  }
  return response.arrayBuffer();
}

function load(model) {
  const shared = workshop();
  if (!shared.loading.has(model.id)) {
    const loaded = new Promise((done, failed) => {
      shared.loaded.set(model.id, (data) => (data.loaded ? done() : failed(new Error(data.message))));
      shared.worker.addEventListener("error", () => failed(new Error("the reader cannot run in this browser")));
    });
    const sent = bytesOf(model).then((bytes) =>
      shared.worker.postMessage({ id: model.id, bytes }, [bytes]),
    );
    const both = sent.then(() => loaded);
    both.catch(() => shared.loading.delete(model.id)); // tried again when the page runs again
    shared.loading.set(model.id, both);
  }
  return shared.loading.get(model.id);
}

function ask(ids, grey, width, height, layers) {
  const shared = workshop();
  const ticket = (shared.tickets += 1);
  const answered = new Promise((done) => shared.waiting.set(ticket, done));
  shared.worker.postMessage({ ticket, ids, grey, width, height, layers }, [grey.buffer]);
  return answered;
}

// --- The paper ---

function canvasesIn(root) {
  const found = [...root.querySelectorAll("canvas")];
  for (const each of root.querySelectorAll("*")) if (each.shadowRoot) found.push(...canvasesIn(each.shadowRoot));
  return found;
}

// The canvas that holds what was drawn, and the one above it that holds the stroke that is being drawn.
const paperOf = (live) => {
  const place = document.querySelector(`.st-key-${live.data.paper}`);
  return place ? canvasesIn(place).filter((each) => /(lower|upper)-canvas/.test(each.className)) : [];
};

function greyOf(live) {
  const [width, height] = live.data.size;
  live.sheet ??= Object.assign(document.createElement("canvas"), { width, height }).getContext("2d", {
    willReadFrequently: true,
  });
  const canvases = paperOf(live);
  if (!canvases.length) return null;
  live.sheet.fillStyle = "#ffffff";
  live.sheet.fillRect(0, 0, width, height);
  for (const each of canvases) live.sheet.drawImage(each, 0, 0, width, height);
  const { data } = live.sheet.getImageData(0, 0, width, height);
  const grey = new Uint8Array(width * height);
  for (let pixel = 0; pixel < grey.length; pixel += 1) grey[pixel] = data[pixel * 4 + 1]; // black, white and between
  return grey;
}

function watchPen(live) {
  const options = { capture: true, passive: true };
  const gone = () => !live.root.isConnected;
  const onPaper = (event) => event.composedPath().some((each) => each.classList?.contains(`st-key-${live.data.paper}`));
  const listeners = {
    pointerdown: (event) => {
      live.down = onPaper(event) && event.composedPath()[0].tagName === "CANVAS";
      live.liftedAt = -Infinity;
      if (!live.down) return;
      live.settled = false;
      look(live);
    },
    pointermove: () => live.down && look(live),
    pointerup: () => lift(live),
    pointercancel: () => lift(live),
    keydown: () => (live.liftedAt = -Infinity),
  };
  for (const [name, listener] of Object.entries(listeners)) {
    const guarded = (event) => (gone() ? window.removeEventListener(name, guarded, options) : listener(event));
    window.addEventListener(name, guarded, options);
  }
}

function lift(live) {
  if (!live.down) return;
  live.down = false;
  live.liftedAt = performance.now();
  requestAnimationFrame(() => look(live)); // by then the stroke is on the lower canvas
}

// At most one reading at a time, of the newest state of the paper.
function look(live) {
  live.changed = true;
  if (live.looking || !live.readable) return;
  live.looking = true;
  requestAnimationFrame(async () => {
    live.changed = false;
    try {
      const grey = greyOf(live);
      if (grey) {
        const small = live.data.picture === "stored" ? smaller(grey, live.data.size[0], live.data.stored_side) : null;
        if (small && isPending(live)) paintStored(live, small);
        live.last = small;
        const ids = live.readable;
        const { answers } = ids.length ? await ask(ids, grey, ...live.data.size, live.layersShown) : { answers: [] };
        if (answers && live.root.isConnected) receive(live, answers);
      }
    } finally {
      live.looking = false;
      if (live.changed) look(live);
    }
  });
}

// --- Whose answer is shown ---

const isPending = (live) => !live.settled && (live.down || performance.now() - live.liftedAt < PATIENCE_MS);

function receive(live, answers) {
  live.last ??= answers[0]?.seen;
  if (isPending(live)) paint(live, answers, true);
  paintLayers(live, answers[0]?.layers ?? []);
}

function alike(one, other) {
  if (!one || !other || one.length !== other.length) return false;
  let difference = 0;
  for (let pixel = 0; pixel < one.length; pixel += 1) difference += Math.abs(one[pixel] - other[pixel]);
  return difference / one.length < ALIKE;
}

function answered(live) {
  clearTimeout(live.later);
  if (live.down) return;
  const { answers, stored } = live.data;
  const wait = live.liftedAt + PATIENCE_MS - performance.now();
  const picture = stored ?? answers[0]?.seen;
  if (picture && wait > 0 && !alike(picture, live.last)) {
    live.later = setTimeout(() => answered(live), wait);
    return;
  }
  live.settled = true;
  if (live.data.picture === "stored") paintStored(live, stored);
  paint(live, answers, false);
}

// --- What is seen ---

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

const unpacked = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const percent = (share, digits = 1) => `${(share * 100).toFixed(digits)}%`;

function makeAnswer(live, run) {
  const root = element("section", "answer");
  const head = element("div", "head");
  const digit = element("span", "digit");
  const sure = element("span", "sure");
  const other = element("span", "other");
  const words = element("div", "words");
  words.append(sure, other);
  head.append(digit, words);
  const picture = element("canvas", "picture");
  picture.setAttribute("role", "img");
  const caption = element("figcaption", "", live.data.caption);
  const seen = element("figure", "seen");
  seen.append(picture, caption);
  const bars = element("div", "bars");
  bars.setAttribute("role", "img");
  const rows = (run ? live.data.colours : []).map((colour, place) => {
    const row = element("div", "bar");
    row.style.setProperty("--digit", colour);
    const fill = element("i");
    const track = element("span", "track");
    track.append(fill);
    const share = element("span", "share");
    row.append(element("b", "", String(place)), track, share);
    bars.append(row);
    return { row, fill, share };
  });
  const body = element("div", "body");
  body.append(seen, bars);
  if (live.data.runs.length > 1) {
    const title = element("div", "run", run.title);
    title.style.setProperty("--run", run.colour);
    root.append(title);
  }
  root.append(head, body);
  return { root, digit, sure, other, picture, bars, rows };
}

function wordsOf({ sure, articles, by }, answer) {
  const best = answer.probabilities[answer.digit];
  let other = answer.digit ? 0 : 1;
  answer.probabilities.forEach((share, digit) => {
    if (digit !== answer.digit && share > answer.probabilities[other]) other = digit;
  });
  const [, how] = answer.refused ? [0, "Perhaps"] : sure.find(([least]) => best >= least);
  return [
    `${how} ${articles[answer.digit]} ${answer.digit}`,
    answer.refused ? `not a digit?${by}` : `${percent(best)} sure · else ${articles[other]} ${other} (${percent(answer.probabilities[other])})${by}`,
  ];
}

function paintAnswer(live, parts, answer, moving) {
  const empty = !answer;
  parts.root.classList.toggle("empty", empty);
  parts.root.classList.toggle("refused", Boolean(answer?.refused));
  const [sure, other] = empty ? [live.parts.length > 1 ? "" : live.data.hint, ""] : wordsOf(live.data, answer);
  write(parts.digit, empty ? "" : String(answer.digit));
  write(parts.sure, sure);
  write(parts.other, other);
  const name = empty ? "Probabilities: nothing is drawn" : `Probabilities: ${[...answer.probabilities].map((share, digit) => `${digit} ${percent(share)}`).join(", ")}`;
  parts.bars.setAttribute("aria-label", name);
  if (live.data.picture === "seen") {
    paintPixels(parts.picture, answer?.side ?? 28, answer?.side ?? 28, answer?.seen);
    parts.picture.setAttribute("aria-label", empty ? "An empty paper" : `What the network sees, read as ${answer.digit}`);
  }
  parts.rows.forEach(({ row, fill, share }, digit) => {
    const value = empty ? 0 : answer.probabilities[digit];
    fill.style.transform = `scaleX(${value})`;
    write(share, empty ? "" : percent(value, 1));
    if (!moving) row.title = empty ? "" : `${live.data.articles[digit]} ${digit}: ${percent(value, 3)}`;
    row.classList.toggle("best", !empty && digit === answer.digit);
  });
}

// Where there is no network to read with, the picture is all there is.
function paintStored(live, levels) {
  const [parts] = live.parts;
  const empty = !levels?.some(Boolean);
  paintPixels(parts.picture, live.data.stored_side, live.data.stored_side, levels);
  parts.picture.setAttribute("aria-label", empty ? "An empty paper" : "What will be stored");
  if (live.data.runs.length) return;
  parts.root.classList.toggle("empty", empty);
  write(parts.sure, empty ? live.data.hint : live.data.caption);
}

// Pixels of a square as those of a smaller one: the mean of those that lie in each, bright ink on 0.
function smaller(grey, side, wanted) {
  const sums = new Float32Array(wanted * wanted);
  const counts = new Float32Array(wanted * wanted);
  for (let row = 0, pixel = 0; row < side; row += 1) {
    const line = Math.floor((row * wanted) / side) * wanted;
    for (let column = 0; column < side; column += 1, pixel += 1) {
      const place = line + Math.floor((column * wanted) / side);
      sums[place] += 255 - grey[pixel];
      counts[place] += 1;
    }
  }
  return Uint8Array.from(sums, (sum, place) => sum / counts[place]);
}

function agreement({ articles, hint }, answers) {
  if (!answers.length || !answers.every(Boolean)) return hint;
  if (answers.every((answer) => answer.refused)) return "No run recognises a digit";
  const digits = [...new Set(answers.map((answer) => answer.digit))].sort();
  const words = digits.map((digit) => `${articles[digit]} ${digit}`).join(" or ");
  return digits.length > 1 ? `They disagree: ${words}` : `All read ${words}`;
}

function paint(live, answers, moving) {
  live.root.dataset.source = moving ? "browser" : answers.length || live.data.stored ? "server" : "";
  if (live.data.runs.length) live.parts.forEach((parts, place) => paintAnswer(live, parts, answers[place] ?? null, moving));
  if (live.parts.length > 1) write(live.agreement, agreement(live.data, answers));
  const verdict = document.querySelector(".st-key-verdict");
  if (verdict) verdict.style.opacity = moving ? 0.25 : "";
  if (moving) return;
  const said = answers.map((answer, place) => {
    const who = answers.length > 1 ? `${live.data.runs[place].title}: ` : "";
    return who + wordsOf(live.data, answer).join(", ");
  });
  write(live.status, said.join(". "));
}

// --- The layers ---

function offerLayers(live) {
  const button = live.root.querySelector(".show-layers");
  button.hidden = !live.data.layers;
  button.onclick = () => {
    live.layersShown = !live.layersShown;
    button.setAttribute("aria-pressed", String(live.layersShown));
    live.layers.hidden = !live.layersShown;
    if (live.layersShown) look(live);
  };
}

function paintLayers(live, layers) {
  if (!live.layersShown) return;
  const names = layers.map((each) => each.name).join();
  if (layers.length && live.layersNamed !== names) {
    live.layersNamed = names;
    live.maps = layers.map(({ title, channels, size, width, height }) => {
      const canvas = Object.assign(element("canvas"), { width, height });
      const units = size[0] * size[1] === 1;
      canvas.className = units ? "units" : "maps";
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `What ${title} makes of the drawing`);
      const figure = element("figure", "layer");
      figure.append(element("figcaption", "", `${title} · ${units ? channels : `${channels} × ${size.join(" × ")}`}`), canvas);
      return { figure, context: canvas.getContext("2d") };
    });
    live.layers.replaceChildren(...live.maps.map((each) => each.figure));
  }
  layers.forEach(({ pixels, width, height }, place) => {
    live.maps[place].context.putImageData(new ImageData(pixels, width, height), 0, 0);
  });
  live.layers.classList.toggle("empty", !layers.length);
  live.frames = (live.frames ?? 0) + (layers.length ? 1 : 0);
}

// --- From the page ---

function withPixels(answer) {
  const seen = unpacked(answer.seen);
  return { ...answer, seen, side: Math.round(Math.sqrt(seen.length)) };
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live");
  const first = !root.live;
  const live = (root.live ??= { root, liftedAt: -Infinity, layersShown: false });
  const stored = data.stored ? unpacked(data.stored) : null;
  live.data = { ...data, stored, answers: data.answers.map(withPixels) };
  const shown = data.runs.map((run) => `${run.title} ${run.colour}`).join();
  const ids = data.runs.map((run) => run.id);
  if (first) {
    live.status = root.querySelector("[role=status]");
    live.layers = root.querySelector(".layers");
    live.agreement = root.querySelector(".agreement");
    watchPen(live);
  }
  if (live.shown !== shown) {
    live.shown = shown;
    live.readable = null;
    live.parts = (data.runs.length ? data.runs : [null]).map((run) => makeAnswer(live, run));
    root.classList.toggle("several", data.runs.length > 1);
    root.classList.toggle("unread", !data.runs.length);
    root.classList.toggle("compact", data.picture === "stored");
    root.querySelector(".answers").replaceChildren(...live.parts.map((parts) => parts.root));
  }
  if (live.wanted?.join() !== ids.join() || !live.readable) {
    live.wanted = ids;
    live.root.dataset.ready = "false";
    const loaded = data.runs.map((run) => run.weights && load(run));
    // Without the weights, or in a browser that cannot run the reader, the server's answers are all there are. What a
    // run read with before reads on until what comes in its place is there.
    Promise.all(loaded).then(
      () => {
        if (live.wanted !== ids || !loaded.every(Boolean)) return;
        live.readable = ids;
        live.root.dataset.ready = "true";
        look(live);
      },
      (error) => console.info(`Digits Lab reads on the server only: ${error.message}`),
    );
  }
  offerLayers(live);
  answered(live);
}
