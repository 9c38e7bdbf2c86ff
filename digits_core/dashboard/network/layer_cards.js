// Draws what layer_cards.py sends. Every text goes in as text, never as HTML.
export default function ({ data, setStateValue, parentElement }) {
  const root = parentElement.querySelector(".cards");
  const active = root.getRootNode().activeElement;
  const focused = active?.dataset.id;
  const typed = isTyped(active) ? active.value : undefined;
  const scrolled = root.scrollLeft;
  // However fast one edit follows another, each is sent until the page has done it.
  root.edits = (root.edits ?? []).filter(({ seq }) => seq > data.done);

  function edit(what, place, more) {
    const seq = Math.max(Date.now(), (root.edits.at(-1)?.seq ?? 0) + 1);
    root.edits = [...root.edits, { seq, what, place, ...more }];
    setStateValue("edits", root.edits);
  }

  function isTyped(input) {
    return input?.dataset.sent !== undefined && input.value !== input.dataset.sent;
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function button(sign, id, label, action, disabled = false) {
    const made = element("button", "tool", sign);
    made.type = "button";
    made.dataset.id = id;
    made.title = label;
    made.setAttribute("aria-label", label);
    made.disabled = disabled;
    made.onclick = action;
    return made;
  }

  function options(select, choices, chosen) {
    for (const { value, title } of choices) {
      const option = new Option(title, value);
      option.selected = value === chosen;
      select.append(option);
    }
    return select;
  }

  function inputOf(knob) {
    if (knob.choices.length) {
      const select = options(element("select", "value"), knob.choices, String(knob.value));
      select.onchange = () => knob.set(knob.number ? Number(select.value) : select.value);
      return select;
    }
    const input = element("input", "value");
    if (knob.high) {
      Object.assign(input, { type: "number", min: knob.low, max: knob.high, step: 1, value: knob.value });
      input.dataset.sent = input.value;
      input.onchange = input.onblur = () => {
        if (root.isDrawing || !isTyped(input)) return;
        input.dataset.sent = input.value;
        knob.set(input.value === "" ? null : Number(input.value));
      };
      input.onkeydown = (event) => {
        if (event.key === "Enter") input.onchange(); // where what was typed is older than the card
      };
    } else {
      Object.assign(input, { type: "checkbox", checked: knob.value });
      input.onchange = () => knob.set(input.checked);
    }
    return input;
  }

  function knobOf(card, place, knob) {
    const row = element("label", "knob");
    const input = inputOf({ ...knob, set: (value) => edit("change", place, { field: knob.field, value }) });
    input.dataset.id = `${place}/${knob.field}`;
    input.setAttribute("aria-label", `${knob.title} of ${card.name}`);
    row.append(element("span", "title", knob.title), input);
    return row;
  }

  function draggable(frame, place) {
    const handle = frame.querySelector(".head");
    handle.draggable = true;
    handle.ondragstart = (event) => {
      event.dataTransfer.setData("text/plain", String(place));
      event.dataTransfer.effectAllowed = "move";
      root.dataset.dragged = place;
    };
    handle.ondragend = () => {
      delete root.dataset.dragged;
      root.querySelectorAll(".over").forEach((each) => each.classList.remove("over"));
    };
  }

  function droppable(target, to) {
    target.ondragover = (event) => {
      if (root.dataset.dragged === undefined) return;
      event.preventDefault();
      target.classList.add("over");
    };
    target.ondragleave = () => target.classList.remove("over");
    target.ondrop = (event) => {
      event.preventDefault();
      const from = Number(root.dataset.dragged);
      delete root.dataset.dragged;
      const place = to(from);
      if (place !== from) edit("move", from, { to: place });
    };
  }

  const last = data.cards.length - 1; // the layer of the logits, which stays where it is

  function cardOf(card, place) {
    const frame = element("div", "card");
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `${card.name}: ${card.kind}`);
    frame.style.setProperty("--kind", card.colour);
    frame.classList.toggle("broken", card.broken);
    frame.classList.toggle("end", place === last);
    const head = element("div", "head");
    head.append(element("span", "name", card.name));
    if (place < last) {
      head.append(
        button("←", `${place}/left`, `Move ${card.name} to the left`, () => edit("move", place, { to: place - 1 }), !place),
        button("→", `${place}/right`, `Move ${card.name} to the right`, () => edit("move", place, { to: place + 1 }), place === last - 1),
        button("×", `${place}/remove`, `Remove ${card.name}`, () => edit("remove", place)),
      );
    }
    const knobs = element("div", "knobs");
    knobs.append(...card.knobs.map((knob) => knobOf(card, place, knob)));
    const shape = element("div", "shape", card.shape ? `→ ${card.shape}` : "→ ?");
    const foot = element("div", "foot", card.broken ? "cannot be built" : card.parameters);
    frame.append(head, element("div", "kind", card.kind), knobs, shape, foot);
    if (place < last) {
      draggable(frame, place);
      droppable(frame, () => place);
    }
    return frame;
  }

  function plus(place) {
    const select = options(element("select", "plus"), [{ value: "", title: "+" }, ...data.kinds], "");
    const where = place < last ? `before ${data.cards[place].name}` : "before the logits";
    select.dataset.id = `plus/${place}`;
    select.title = `Add a layer ${where}`;
    select.setAttribute("aria-label", select.title);
    select.onchange = () => edit("insert", place, { kind: select.value });
    droppable(select, (from) => (from < place ? place - 1 : place));
    return select;
  }

  const image = element("div", "card end");
  image.append(element("div", "head", "image"), element("div", "kind", "grey levels"), element("div", "knobs"));
  image.append(element("div", "shape", `→ ${data.image}`), element("div", "foot", ""));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "The layers, from the image to the logits");
  root.isDrawing = true;
  root.replaceChildren(image, ...data.cards.flatMap((card, place) => [plus(place), cardOf(card, place)]));
  root.isDrawing = false;
  root.scrollLeft = scrolled;
  if (focused === undefined) return;
  const again = root.querySelector(`[data-id="${CSS.escape(focused)}"]`);
  again?.focus({ preventScroll: true });
  if (again && typed !== undefined) again.value = typed;
}
