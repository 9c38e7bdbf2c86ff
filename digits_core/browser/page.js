import { greyOf, loadModel, read } from "./reader.js";

const element = (id) => document.getElementById(id);
const [paper, answer, digit, verdict, seen] = ["paper", "answer", "digit", "verdict", "seen"].map(element);
const chance = element("chance");
const bars = [...element("bars").children].map((row) => [row, row.querySelector("i > i"), row.querySelector("span")]);
const [undo, clear] = ["undo", "clear"].map(element);
const NOTHING = [digit.textContent, verdict.textContent, bars[0][2].textContent];

const description = JSON.parse(element("description").textContent);
const bytes = Uint8Array.from(atob(element("numbers").textContent), (character) => character.charCodeAt(0));
const model = loadModel(description, bytes.buffer);
const { side, brush } = description.canvas;

/* Two canvases have the same strokes: a sharp one to look at, and one of the app's size, whose pixels are read. */
const SHARP = 2;
paper.width = paper.height = SHARP * side;
const shown = pen(paper, SHARP);
const small = document.createElement("canvas");
small.width = small.height = side;
const pixels = pen(small, 1);

let strokes = [];
let stroke = null;
let waiting = false;

function pen(canvas, scale) {
  const context = canvas.getContext("2d", { willReadFrequently: scale === 1 });
  context.scale(scale, scale);
  context.lineCap = context.lineJoin = "round";
  context.lineWidth = brush;
  return context;
}

function draw(context) {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  for (const points of strokes) {
    context.beginPath();
    context.moveTo(...points[0]);
    // From middle to middle of two points, so that a quick stroke is a curve.
    for (let i = 1; i < points.length - 1; i++) {
      const [x, y] = points[i];
      context.quadraticCurveTo(x, y, (x + points[i + 1][0]) / 2, (y + points[i + 1][1]) / 2);
    }
    context.lineTo(...points[points.length - 1]);
    context.stroke();
  }
}

/** Draw and read before the next frame is painted, once, however many points have come by then. */
function update() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw(shown);
    draw(pixels);
    show(read(model, greyOf(pixels.getImageData(0, 0, side, side).data), side, side));
    element("invitation").hidden = strokes.length > 0;
    undo.disabled = clear.disabled = strokes.length === 0;
  });
}

function show(found) {
  // A screen reader says these two when they change; how sure the network is changes all the time.
  write(digit, found ? String(found.digit) : NOTHING[0]);
  write(verdict, !found ? NOTHING[1] : found.refused ? "Perhaps not a digit: unlike what this network learnt." : "");
  write(chance, found ? `${percent(found.probabilities[found.digit])} sure` : "");
  answer.classList.toggle("empty", !found);
  answer.classList.toggle("refused", Boolean(found?.refused));
  answer.style.setProperty("--colour", found ? `var(--digit-${found.digit})` : "");
  bars.forEach(([row, bar, share], place) => {
    const probability = found ? found.probabilities[place] : 0;
    bar.style.width = `${100 * probability}%`;
    write(share, found ? percent(probability) : NOTHING[2]);
    row.classList.toggle("first", found?.digit === place);
  });
  const image = new ImageData(seen.width, seen.height);
  image.data.forEach((_, i) => (image.data[i] = i % 4 === 3 ? 255 : found ? found.seen[i >> 2] : 0));
  seen.getContext("2d").putImageData(image, 0, 0);
}

function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}

function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function place(event) {
  const { left, top, width, height } = paper.getBoundingClientRect();
  return [((event.clientX - left) * side) / width, ((event.clientY - top) * side) / height];
}

paper.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || stroke) return;
  paper.setPointerCapture(event.pointerId);
  stroke = { pointer: event.pointerId, points: [place(event)] };
  strokes.push(stroke.points);
  update();
});
paper.addEventListener("pointermove", (event) => {
  if (stroke?.pointer !== event.pointerId) return;
  const moves = event.getCoalescedEvents?.() ?? [];
  for (const move of moves.length ? moves : [event]) stroke.points.push(place(move));
  update();
});
for (const end of ["pointerup", "pointercancel"]) {
  paper.addEventListener(end, (event) => {
    if (stroke?.pointer === event.pointerId) stroke = null;
  });
}

function take(left) {
  stroke = null;
  strokes = left;
  update();
}
undo.addEventListener("click", () => take(strokes.slice(0, -1)));
clear.addEventListener("click", () => take([]));
addEventListener("keydown", (event) => {
  if (event.altKey || event.shiftKey || !strokes.length) return;
  if (event.key === "z") take(strokes.slice(0, -1));
  else if (event.key === "Delete" && !event.ctrlKey && !event.metaKey) take([]);
});
update();
