// The keys of presenter mode press buttons of the page: ← and → those of a lesson's steps, Escape the one that ends it.

const BUTTONS = { ArrowLeft: "lesson_back", ArrowRight: "lesson_next", Escape: "presenter_end" };

// There the keys mean something else: where one types, draws, or moves along values, choices and cells.
const OWN_KEYS =
  "input, textarea, select, canvas, iframe, [contenteditable='true'], " +
  "[role='slider'], [role='spinbutton'], [role='combobox'], [role='listbox'], [role='menu'], [role='menuitem'], " +
  "[role='radio'], [role='radiogroup'], [role='tab'], [role='grid'], [role='gridcell']";

function usesKeysItself(event) {
  return event.composedPath().some((node) => node instanceof Element && node.matches(OWN_KEYS));
}

function press(event) {
  const name = BUTTONS[event.key];
  if (!name || event.defaultPrevented || event.repeat) return;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (usesKeysItself(event) || document.fullscreenElement) return;
  const button = document.querySelector(`.st-key-${name} button`);
  if (!button || button.disabled) return;
  event.preventDefault();
  button.click();
}

export default function ({ parentElement }) {
  // Drawn again, it listens once.
  if (parentElement.listens) return parentElement.listens;
  window.addEventListener("keydown", press);
  parentElement.querySelector("span").dataset.listens = "true";
  parentElement.listens = () => {
    window.removeEventListener("keydown", press);
    parentElement.listens = undefined;
  };
  return parentElement.listens;
}
