// Draws what diagram.py sends. Every text goes in as text, never as HTML.
export default function ({ data, setTriggerValue, parentElement }) {
  const root = parentElement.querySelector(".network");
  const focused = root.getRootNode().activeElement?.dataset.id;

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function button(className, id, label, pressed) {
    const made = element("button", className);
    made.type = "button";
    made.dataset.id = id;
    made.title = label;
    made.setAttribute("aria-label", label);
    made.onclick = () => setTriggerValue("pressed", pressed);
    return made;
  }

  function canvasOf(block, levels, number) {
    const canvas = document.createElement("canvas");
    return paintPixels(canvas, block.width, block.height, levels, number * block.width * block.height);
  }

  const said = (value) => String(value).replace("-", "−");

  // The image is only shown; maps, units and answers can be pressed.
  function cell(block, levels, number) {
    if (!block.unit) {
      const image = element("div", "cell");
      image.setAttribute("role", "img");
      image.setAttribute("aria-label", data.words);
      image.append(canvasOf(block, levels, number));
      return image;
    }
    const value = block.logits ? `${(100 * block.largest[number]).toFixed(1)} %` : said(block.largest[number]);
    const words = block.logits
      ? `Digit ${number}: ${value}, logit ${said(block.logits[number])}. By hand`
      : `${block.title}, ${block.unit} ${number}: ${block.maps ? "largest value " : ""}${value}. By hand`;
    const kind = block.logits ? "cell answer" : block.maps ? "cell" : "cell unit";
    const made = button(kind, `${block.name}/${number}`, words, { layer: block.name, unit: number });
    if (block.logits) {
      const bar = element("span", "bar");
      bar.style.setProperty("--digit", block.colours[number % block.colours.length]);
      bar.style.setProperty("--share", `${100 * block.largest[number]}%`);
      if (block.largest[number] === Math.max(...block.largest)) made.classList.add("best");
      made.append(element("span", "digit", number), bar, element("span", "value", value));
    } else if (block.maps) {
      made.append(canvasOf(block, levels, number));
    } else {
      const level = levels[number];
      made.style.background = `rgb(${level}, ${level}, ${level})`;
    }
    return made;
  }

  // The arrow keys go from cell to cell, and one press of Tab leaves them all.
  function walkable(cells, columns) {
    const start = Math.max(0, cells.findIndex((each) => each.dataset.id === focused));
    cells.forEach((each, number) => {
      each.tabIndex = number === start ? 0 : -1;
      each.onkeydown = (event) => {
        const steps = { ArrowLeft: -1, ArrowUp: -columns, ArrowRight: 1, ArrowDown: columns };
        const other = cells[number + (steps[event.key] ?? 0)];
        if (!(event.key in steps) || !other) return;
        event.preventDefault();
        each.tabIndex = -1;
        other.tabIndex = 0;
        other.focus();
      };
    });
  }

  function blockOf(block) {
    const levels = Uint8Array.from(atob(block.levels), (letter) => letter.charCodeAt(0));
    const count = levels.length / (block.width * block.height);
    const kind = block.logits ? "answers" : !block.unit ? "image" : block.maps ? "maps" : "units";
    const frame = element("div", `block ${kind}`);
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `${block.title}: ${block.size}`);
    const rows = Math.ceil(count / block.columns);
    frame.style.setProperty("--columns", block.columns);
    frame.style.setProperty("--narrow", block.narrow);
    frame.style.setProperty("--ratio", block.columns / rows);
    const head = block.unit
      ? button("head", block.name, `${block.title}: its facts`, { layer: block.name, unit: null })
      : element("div", "head");
    head.append(element("span", "name", block.title), element("span", "size", block.size));
    if (block.unit) head.setAttribute("aria-pressed", String(block.name === data.chosen));
    frame.classList.toggle("chosen", block.name === data.chosen);
    const grid = element("div", "grid");
    const cells = Array.from({ length: count }, (_, number) => cell(block, levels, number));
    if (block.unit) walkable(cells, block.logits ? 1 : block.columns);
    grid.append(...cells);
    frame.append(head, grid, element("div", "then", block.then));
    return frame;
  }

  const arrow = () => {
    const made = element("div", "arrow", "→");
    made.setAttribute("aria-hidden", "true");
    return made;
  };
  root.classList.toggle("compact", data.compact);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `The layers of the network, drawn from ${data.words}`);
  root.replaceChildren(...data.blocks.flatMap((block, place) => (place ? [arrow(), blockOf(block)] : [blockOf(block)])));
  if (focused !== undefined) root.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
