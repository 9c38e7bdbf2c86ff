// Notes the keys that a page asks for, in the order in which they are pressed, until the page has done what they mean.

// There, keys are typed.
const TYPED_IN = "input:not([type='radio'], [type='checkbox']), textarea, select, [contenteditable='true']";

export default function ({ data, parentElement, setStateValue }) {
  parentElement.note = (event) => {
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    if (!data.keys.includes(key) || event.defaultPrevented || event.repeat) return;
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.composedPath().some((node) => node instanceof Element && node.matches(TYPED_IN))) return;
    event.preventDefault(); // Enter would press the button that was clicked last
    const seq = Math.max(Date.now(), (parentElement.log.at(-1)?.seq ?? 0) + 1);
    parentElement.log = [...parentElement.log, { seq, key }];
    setStateValue("pressed", parentElement.log);
  };
  parentElement.log = (parentElement.log ?? []).filter(({ seq }) => seq > data.done);
  // Drawn again, it listens once.
  if (parentElement.stop) return parentElement.stop;
  const listen = (event) => parentElement.note(event);
  window.addEventListener("keydown", listen);
  parentElement.stop = () => {
    window.removeEventListener("keydown", listen);
    parentElement.stop = undefined;
  };
  return parentElement.stop;
}
