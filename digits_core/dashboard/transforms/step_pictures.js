// Draws what step_pictures.py sends. Every text goes in as text, never as HTML.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".steps");

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  const said = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

  function pictureOf(step, values) {
    const frame = element("div", "picture");
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${data.words} after the step ${step.title}`);
    const span = step.high - step.low || 1;
    const levels = Array.from(values, (value) => Math.round((255 * (value - step.low)) / span));
    paintPixels(canvas, step.width, step.height, levels);
    const pointed = element("div", "pointed");
    canvas.onpointermove = ({ offsetX, offsetY }) => {
      const column = Math.min(step.width - 1, Math.max(0, Math.floor((offsetX / canvas.clientWidth) * step.width)));
      const row = Math.min(step.height - 1, Math.max(0, Math.floor((offsetY / canvas.clientHeight) * step.height)));
      pointed.textContent = `row ${row}, column ${column}: ${said(values[row * step.width + column])}`;
    };
    canvas.onpointerleave = () => (pointed.textContent = "");
    frame.append(canvas, pointed);
    return frame;
  }

  // Most pixels are paper: on a linear axis theirs would be the only bar.
  function histogramOf(step) {
    const most = Math.log10(1 + step.counts.reduce((sum, count) => sum + count, 0));
    const bars = element("div", "bars");
    bars.setAttribute("role", "img");
    bars.setAttribute("aria-label", `How many pixels have which value after the step ${step.title}, from ${step.range}`);
    step.counts.forEach((count, number) => {
      const bar = element("span", "bar");
      const width = (step.high - step.low) / step.counts.length;
      bar.style.height = `${(100 * Math.log10(1 + count)) / most}%`;
      bar.title = `about ${said(step.low + (number + 0.5) * width)}: ${count} pixels`;
      bars.append(bar);
    });
    const ends = element("div", "ends");
    ends.append(element("span", "", said(step.low)), element("span", "", "value"), element("span", "", said(step.high)));
    return [bars, ends];
  }

  function stepOf(step, number) {
    const values = new Float32Array(Uint8Array.from(atob(step.values), (letter) => letter.charCodeAt(0)).buffer);
    const made = element("figure", step.random ? "step random" : "step");
    const words = element("figcaption", "words");
    words.append(
      element("span", "title", `${number + 1}. ${step.title}`),
      element("span", "when", step.random ? "training only" : "every image"),
      element("span", "fact", `${step.type} ${step.shape}`),
      element("span", "fact", `${step.dtype} · ${step.range.replaceAll("-", "−")}`),
    );
    made.append(words, pictureOf(step, values), ...histogramOf(step), element("p", "why", step.why));
    return made;
  }

  root.style.setProperty("--bar", data.colour);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `The steps of ${data.words}`);
  root.replaceChildren(...data.steps.map(stepOf));
}
