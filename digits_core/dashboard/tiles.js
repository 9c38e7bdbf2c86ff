// Draws what tiles.py sends. Every text goes in as text, never as HTML.
export default function ({ data, setTriggerValue, parentElement }) {
  const root = parentElement.querySelector(".groups");
  const focused = root.getRootNode().activeElement?.dataset.place;
  const levels = Uint8Array.from(atob(data.pixels), (letter) => letter.charCodeAt(0));
  const area = data.height * data.width;

  function canvasOf(number) {
    const canvas = document.createElement("canvas");
    canvas.className = data.smooth ? "" : "pixels";
    return paintPixels(canvas, data.width, data.height, levels, number * area);
  }

  // On a narrow screen the chosen image is shown below all tiles: go there, but only if it cannot be seen.
  function showInspector() {
    const inspector = document.querySelector(".st-key-inspector");
    const place = inspector?.getBoundingClientRect();
    if (place && (place.bottom < 200 || place.top > window.innerHeight - 200)) {
      inspector.scrollIntoView({ behavior: "smooth" });
    }
  }

  function line(className, text, colour) {
    const element = document.createElement("span");
    element.className = className;
    element.textContent = text;
    if (colour) element.style.setProperty("--digit", colour);
    return element;
  }

  function tileOf(tile, number) {
    const element = document.createElement(data.choosable ? "button" : "div");
    element.className = tile.doubtful ? "tile doubtful" : "tile";
    element.title = tile.name;
    element.setAttribute("aria-label", tile.name);
    element.dataset.place = tile.place;
    if (data.choosable) {
      element.type = "button";
      element.setAttribute("aria-pressed", String(data.chosen.includes(tile.place)));
      element.onclick = () => {
        setTriggerValue("chosen", tile.place);
        showInspector();
      };
    } else {
      element.setAttribute("role", "img");
    }
    element.append(canvasOf(number), line("label", tile.text, tile.colour));
    if (tile.note) element.append(line("note", tile.note, ""));
    return element;
  }

  const tiles = data.tiles.map(tileOf);
  root.style.setProperty("--size", `${data.size}px`);
  root.style.setProperty("--columns", data.columns);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.words);
  if (data.groups.length) {
    let next = 0;
    root.replaceChildren(
      ...data.groups.map((group) => {
        const frame = document.createElement("figure");
        frame.className = "group";
        const words = document.createElement("figcaption");
        words.textContent = group.words;
        const row = document.createElement("div");
        row.className = "row";
        row.append(...tiles.slice(next, (next += group.tiles)));
        frame.append(words, row);
        return frame;
      }),
    );
  } else {
    const all = document.createElement("div");
    all.className = data.columns ? `all counted ${data.columns > 5 ? "halved" : ""}` : "all";
    all.append(...tiles);
    root.replaceChildren(all);
  }

  // The arrow keys go from tile to tile, and one press of Tab leaves them all.
  const buttons = data.choosable ? tiles : [];
  const start = Math.max(0, buttons.findIndex((button) => button.dataset.place === (focused ?? String(data.chosen[0]))));
  buttons.forEach((button, number) => {
    button.tabIndex = number === start ? 0 : -1;
    button.onkeydown = (event) => {
      const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
      const other = buttons[number + (steps[event.key] ?? 0)];
      if (!(event.key in steps) || !other) return;
      event.preventDefault();
      button.tabIndex = -1;
      other.tabIndex = 0;
      other.focus();
    };
  });
  if (focused !== undefined && buttons.length) buttons[start].focus({ preventScroll: true });
}
