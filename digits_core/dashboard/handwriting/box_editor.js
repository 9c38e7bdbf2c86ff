// The photo of a sheet with its boxes, to be changed by mouse, finger and keys. `data` is what box_editor.py sends.
// Every edit is shown at once and kept in a list until the server has confirmed it by its number: a slow answer loses
// no key, and an answer that was on its way when a key was pressed does not undo it.

const LEAST_DRAG = 4; // pixels on the screen: less is a click
const SAME = (one, other) => one.every((side, index) => side === other[index]);
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const CORNERS = { nw: [0, 0], ne: [1, 0], sw: [0, 1], se: [1, 1] };

// [what it is called, what it does, its key in words]
const BUTTONS = {
  undo: ["Undo", "Take the last change back", "Ctrl+Z"],
  redo: ["Redo", "Make the change that was taken back once more", "Ctrl+Y"],
  delete: ["Delete", "Delete the chosen box", "Delete"],
  split: ["Split", "Cut the chosen box in two where it crosses the least ink", "S"],
  join: ["Join", "Join the chosen box with the nearest one", "J"],
  draw: ["Draw box", "Then draw a box with one finger around a digit that was missed; a mouse draws at any time", ""],
  clear: ["Delete all", "Delete all boxes; Undo brings them back", ""],
};

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function union(one, other) {
  const left = Math.min(one[0], other[0]);
  const top = Math.min(one[1], other[1]);
  const right = Math.max(one[0] + one[2], other[0] + other[2]);
  return [left, top, right - left, Math.max(one[1] + one[3], other[1] + other[3]) - top];
}

// How far two boxes are apart; of boxes that overlap, the ones whose middles are closer come first.
function apart(one, other) {
  const gap = (side) => Math.max(0, one[side] - other[side] - other[side + 2], other[side] - one[side] - one[side + 2]);
  const middles = (side) => one[side] + one[side + 2] / 2 - other[side] - other[side + 2] / 2;
  return Math.hypot(gap(0), gap(1)) + 1e-3 * Math.hypot(middles(0), middles(1));
}

class Editor {
  constructor(root) {
    this.root = root;
    this.log = [];
    this.chosen = null; // the coordinates of a box
    this.drawing = false; // whether a finger draws
    this.drag = null;
    this.waiting = false; // whether new data came during a drag
    this.bar = element("div", "bar");
    this.bar.setAttribute("role", "toolbar");
    this.bar.setAttribute("aria-label", "Boxes");
    this.buttons = Object.fromEntries(Object.entries(BUTTONS).map(([name, words]) => [name, this.button(name, words)]));
    this.labels = [...Array(10).keys()].map((label) => this.label(label));
    const labels = element("div", "labels");
    labels.setAttribute("role", "group");
    labels.setAttribute("aria-label", "Label of the chosen box");
    labels.append(...this.labels);
    this.bar.append(...Object.values(this.buttons), labels);
    this.paper = element("div", "paper");
    this.picture = element("img", "");
    this.picture.draggable = false;
    this.layer = element("div", "layer");
    this.layer.setAttribute("role", "group");
    this.paper.append(this.picture, this.layer);
    root.replaceChildren(this.bar, this.paper);
    this.paper.onpointerdown = (event) => this.press(event);
    this.paper.onpointermove = (event) => this.move(event);
    this.paper.onpointerup = (event) => this.release(event);
    this.paper.onpointercancel = () => this.cancel();
    root.addEventListener("pointerdown", () => this.take());
    root.addEventListener("focusin", () => this.take());
    this.onKey = (event) => this.key(event);
  }

  button(name, [words, help, key]) {
    const made = element("button", name, words);
    made.type = "button";
    made.title = key ? `${help} (${key})` : help;
    made.onclick = () => this.command(name);
    return made;
  }

  label(label) {
    const made = element("button", "label", String(label));
    made.type = "button";
    made.title = `Label the chosen box ${label} (${label})`;
    made.setAttribute("aria-label", `Label ${label}`);
    made.onclick = () => this.edit("label", { box: this.chosen, label });
    return made;
  }

  // Of several editors on a page, the one that was used last listens to keys.
  take() {
    window.digitsLabBoxEditor = this;
  }

  listens() {
    const last = window.digitsLabBoxEditor;
    if (!last?.root.isConnected) this.take();
    return window.digitsLabBoxEditor === this;
  }

  update(data, send) {
    this.data = data;
    this.send = send;
    this.next ??= data.done;
    window.addEventListener("keydown", this.onKey, true);
    this.log = this.log.filter((edit) => edit.seq > data.done);
    if (this.drag) this.waiting = true;
    else this.draw();
  }

  // The boxes as the server has them, with the edits that it has yet to confirm.
  boxes() {
    let boxes = [...this.data.boxes];
    const changed = (box, change) => boxes.map((each) => (SAME(each.box, box) ? { ...each, ...change } : each));
    for (const { kind, box, to, label } of this.log) {
      if (kind === "delete") boxes = boxes.filter((each) => !SAME(each.box, box));
      else if (kind === "clear") boxes = [];
      else if (kind === "move") boxes = changed(box, { box: to });
      else if (kind === "label") boxes = changed(box, { words: String(label), colour: this.data.colours[label] });
      else if (kind === "accept") boxes = boxes.map((each) => (SAME(each.box, box) ? this.sure(each) : each));
      else if (kind === "join") {
        boxes = boxes.filter((each) => !SAME(each.box, to));
        boxes = changed(box, { box: union(box, to), words: "?", colour: "" });
      } else if (kind === "add" || kind === "bring back") {
        boxes.push({ box: to, number: "", words: String(label ?? "?"), colour: this.data.colours[label], name: "New box" });
      }
    }
    return boxes;
  }

  sure(each) {
    return { ...each, words: each.words.length > 1 ? each.words.replace("?", "") : each.words };
  }

  edit(kind, rest = {}) {
    this.next += 1;
    this.log.push({ seq: this.next, kind, ...rest });
    this.send(this.log.map((each) => ({ ...each })));
    this.draw();
  }

  // The chosen box among the others; if it is gone, the one that has taken its place.
  place(boxes) {
    const found = boxes.findIndex((each) => this.chosen && SAME(each.box, this.chosen));
    if (found >= 0) return found;
    if (!boxes.length) return -1;
    if (this.chosen) return Math.min(this.last ?? 0, boxes.length - 1);
    return Math.max(0, boxes.findIndex((each) => each.words.includes("?")));
  }

  draw() {
    const { data } = this;
    const boxes = this.boxes();
    const held = this.layer.contains(this.root.getRootNode().activeElement);
    const place = this.place(boxes);
    this.last = Math.max(0, place);
    this.chosen = boxes[place]?.box ?? null;
    this.layer.setAttribute("aria-label", data.words);
    this.picture.alt = data.words;
    if (this.picture.src !== data.picture) this.picture.src = data.picture;
    this.paper.style.aspectRatio = `${data.width} / ${data.height}`;
    this.paper.classList.toggle("drawing", this.drawing);
    const marks = data.left_out.map((mark) => this.mark(mark));
    this.layer.replaceChildren(...marks, ...boxes.map((each, index) => this.box(each, index === place)));
    if (held) this.layer.querySelector('[aria-pressed="true"]')?.focus({ preventScroll: true });
    // Of what the server has yet to confirm, only an undo leaves something to be made again.
    const back = this.log.every(({ kind }) => kind === "undo" || kind === "redo");
    const usable = {
      undo: data.undo || this.log.length,
      redo: back && (data.redo || this.log.length),
      clear: boxes.length,
      draw: true,
    };
    for (const [name, button] of Object.entries(this.buttons)) {
      button.disabled = !(usable[name] ?? (place >= 0 && (name !== "join" || boxes.length > 1)));
    }
    this.labels.forEach((button, label) => {
      button.disabled = place < 0;
      button.setAttribute("aria-pressed", String(place >= 0 && boxes[place].words === String(label)));
    });
    this.buttons.draw.setAttribute("aria-pressed", String(this.drawing));
  }

  put(made, [left, top, width, height]) {
    const { data } = this;
    made.style.left = `${(100 * left) / data.width}%`;
    made.style.top = `${(100 * top) / data.height}%`;
    made.style.width = `${(100 * width) / data.width}%`;
    made.style.height = `${(100 * height) / data.height}%`;
    // A label never reaches over the right edge.
    made.classList.toggle("right", left + width / 2 > data.width / 2);
  }

  box(each, chosen) {
    const made = element("button", "box");
    made.type = "button";
    made.tabIndex = chosen ? 0 : -1;
    made.sides = each.box;
    made.setAttribute("aria-label", each.name);
    made.setAttribute("aria-pressed", String(chosen));
    if (each.colour) made.style.setProperty("--digit", each.colour);
    this.put(made, each.box);
    const tag = element("span", "tag");
    tag.append(element("span", "number", String(each.number)), element("b", "", each.words));
    made.append(tag);
    if (chosen) made.append(...Object.keys(CORNERS).map((name) => Object.assign(element("i", `corner ${name}`), { corner: name })));
    made.onfocus = () => this.choose(each.box);
    // By a screen reader's own click, which has no pointer.
    made.onclick = () => this.choose(each.box);
    return made;
  }

  mark({ box, reason }) {
    const made = element("button", "mark");
    made.type = "button";
    made.title = `Left out: ${reason}. Click to add it as a box.`;
    made.setAttribute("aria-label", made.title);
    this.put(made, box);
    made.onclick = () => {
      this.chosen = box;
      this.edit("bring back", { to: box });
    };
    return made;
  }

  choose(box, focus = false) {
    if (!this.chosen || !SAME(this.chosen, box)) {
      this.chosen = box;
      this.draw();
    }
    if (focus) this.layer.querySelector('[aria-pressed="true"]')?.focus();
  }

  // Whatever was typed into before, keys now mean the chosen box.
  hold() {
    const chosen = this.layer.querySelector('[aria-pressed="true"]');
    if (chosen) chosen.focus({ preventScroll: true });
    else document.activeElement?.blur();
  }

  // Where a pointer is on the sheet, in its pixels.
  at(event) {
    const area = this.paper.getBoundingClientRect();
    const x = ((event.clientX - area.left) / area.width) * this.data.width;
    const y = ((event.clientY - area.top) / area.height) * this.data.height;
    return [Math.min(Math.max(0, x), this.data.width), Math.min(Math.max(0, y), this.data.height)];
  }

  press(event) {
    if (event.button !== 0 || this.drag) return;
    const finger = event.pointerType === "touch";
    const target = event.composedPath()[0];
    const over = target.closest?.(".box, .mark");
    if (over?.classList.contains("mark")) return;
    if (finger && !this.drawing && !(over && over.getAttribute("aria-pressed") === "true")) return; // it scrolls, or taps
    const kind = over && !(finger && this.drawing) ? (target.corner ?? "move") : "add";
    if (kind !== "add") this.choose(over.sides);
    this.hold();
    this.drag = { kind, id: event.pointerId, start: this.at(event), from: [event.clientX, event.clientY], to: null };
    this.paper.setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  move(event) {
    const { drag } = this;
    if (drag?.id !== event.pointerId) return;
    const far = Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]) >= LEAST_DRAG;
    if (!far && !drag.to) return;
    drag.to = this.dragged(drag, this.at(event)).map(Math.round);
    this.ghost(drag);
  }

  // The box that a drag from its start to here makes, within the sheet.
  dragged({ kind, start }, here) {
    const { width, height } = this.data;
    if (kind === "move") {
      const [left, top, wide, high] = this.chosen;
      const x = Math.min(Math.max(0, left + here[0] - start[0]), width - wide);
      return [x, Math.min(Math.max(0, top + here[1] - start[1]), height - high), wide, high];
    }
    let fixed = start;
    let moved = here;
    if (kind !== "add") {
      const [left, top, wide, high] = this.chosen;
      const [right, low] = CORNERS[kind];
      fixed = [left + wide * (1 - right), top + high * (1 - low)];
      moved = [left + wide * right + here[0] - start[0], top + high * low + here[1] - start[1]];
      moved = [Math.min(Math.max(0, moved[0]), width), Math.min(Math.max(0, moved[1]), height)];
    }
    const low = [Math.min(fixed[0], moved[0]), Math.min(fixed[1], moved[1])];
    return [...low, Math.max(1, Math.abs(fixed[0] - moved[0])), Math.max(1, Math.abs(fixed[1] - moved[1]))];
  }

  ghost(drag) {
    if (drag.kind === "add") {
      drag.shown ??= this.layer.appendChild(element("div", "box new"));
      this.put(drag.shown, drag.to);
    } else {
      this.put(this.layer.querySelector('[aria-pressed="true"]'), drag.to);
    }
  }

  release(event) {
    const { drag, chosen } = this;
    if (drag?.id !== event.pointerId) return;
    this.drag = null;
    const area = this.paper.getBoundingClientRect();
    const large = drag.to && Math.min(drag.to[2] / this.data.width * area.width, drag.to[3] / this.data.height * area.height) >= LEAST_DRAG;
    if (large && drag.kind === "add") {
      this.drawing = false;
      this.chosen = drag.to;
      this.edit("add", { to: drag.to, label: this.data.label });
    } else if (large && !SAME(drag.to, chosen)) {
      this.chosen = drag.to;
      this.edit("move", { box: chosen, to: drag.to });
    } else if (drag.to || this.waiting) {
      this.draw();
    }
    this.waiting = false;
  }

  cancel() {
    this.drag = null;
    this.waiting = false;
    this.draw();
  }

  command(name) {
    const boxes = this.boxes();
    const place = this.place(boxes);
    if (this.buttons[name].disabled) return;
    if (name === "draw") {
      this.drawing = !this.drawing;
      this.draw();
    } else if (["undo", "redo", "clear"].includes(name)) {
      this.edit(name);
    } else if (name === "join") {
      const { chosen } = this;
      const others = boxes.filter((_, index) => index !== place).map((each) => each.box);
      const other = others.reduce((best, each) => (apart(each, chosen) < apart(best, chosen) ? each : best));
      this.chosen = union(chosen, other);
      this.edit("join", { box: chosen, to: other });
    } else {
      this.edit(name, { box: this.chosen });
    }
  }

  key(event) {
    if (!this.root.isConnected) window.removeEventListener("keydown", this.onKey, true);
    if (event.defaultPrevented || !this.root.isConnected || !this.listens()) return;
    const target = event.composedPath()[0];
    const inside = this.layer.contains(target);
    const free = inside || target === document.body || target.matches?.(".stMain");
    if (!this.hears(target)) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && ["z", "y"].includes(event.key.toLowerCase())) {
      this.command(event.key.toLowerCase() === "y" || event.shiftKey ? "redo" : "undo");
    } else if (command || event.altKey || this.inTable(target)) {
      return;
    } else if (/^[0-9]$/.test(event.key) && this.chosen) {
      this.edit("label", { box: this.chosen, label: Number(event.key) });
    } else if (["Delete", "Backspace"].includes(event.key) && this.chosen) {
      this.command("delete");
    } else if (["s", "j"].includes(event.key) && this.chosen) {
      this.command(event.key === "s" ? "split" : "join");
    } else if (event.key === "Enter" && free && this.chosen) {
      const { chosen } = this;
      this.step(1);
      this.edit("accept", { box: chosen });
    } else if (event.key in ARROWS && free && this.chosen) {
      this.walk(ARROWS[event.key]);
    } else {
      return;
    }
    // A button of the page that listens to the same key does not get it, too.
    event.preventDefault();
    event.stopPropagation();
  }

  // False where somebody types, or where a dialog or a list is open above the page.
  hears(target) {
    const typed = target.matches?.("input, textarea, select") && !target.matches("[type=radio], [type=checkbox], [type=button]");
    return !typed && !target.isContentEditable && !target.closest?.('[role="dialog"], [role="listbox"], [role="menu"]');
  }

  inTable(target) {
    return Boolean(target.closest?.('[data-testid="stDataFrame"]'));
  }

  step(by) {
    const boxes = this.boxes();
    const other = boxes[this.place(boxes) + by];
    if (other) this.choose(other.box, true);
  }

  // To the box before or after in reading order; up and down to the nearest one over or under it.
  walk([across, down]) {
    if (!down) {
      this.step(across);
      return;
    }
    const middle = ([left, top, width, height]) => [left + width / 2, top + height / 2];
    const [x, y] = middle(this.chosen);
    const reach = ({ box }) => {
      const [otherX, otherY] = middle(box);
      const ahead = (otherY - y) * down;
      return ahead > this.chosen[3] / 3 ? ahead + 2 * Math.abs(otherX - x) : Infinity;
    };
    const near = this.boxes().reduce((best, each) => (reach(each) < reach(best) ? each : best));
    if (reach(near) < Infinity) this.choose(near.box, true);
  }
}

export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".editor");
  root.editor ??= new Editor(root);
  root.editor.update(data, (log) => setStateValue("edits", log));
}
