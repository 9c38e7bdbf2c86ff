// Draws a plotly figure, and changes it in place when it comes again with other data: no flicker, and what the mouse
// points at stays shown. `data`: the path of plotly.js in the app, the figure as JSON, and words for those who cannot see it.

const LEAST_TO_ENLARGE = 200; // pixels of height

function load(path) {
  window.digitsLabPlotly ??= new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = appAddress(path);
    script.onload = () => loaded(window.Plotly);
    script.onerror = () => failed(new Error("plotly.js could not be loaded"));
    document.head.append(script);
  });
  return window.digitsLabPlotly;
}

function themeOf(element) {
  const style = getComputedStyle(element);
  const named = (name, otherwise) => style.getPropertyValue(`--st-${name}`).trim() || otherwise;
  return {
    text: named("text-color", "#31333f"),
    ground: named("background-color", "#ffffff"),
    line: named("border-color", "#d9dce8"),
    font: named("font", "sans-serif"),
    type: enlargement("type"),
  };
}

// On a projector all type is larger, with the room around it: presenter.css says how much.
function enlargement(name) {
  return Number(getComputedStyle(document.documentElement).getPropertyValue(`--digits-chart-${name}`)) || 1;
}

function enlarged(part, times, within = "") {
  if (Array.isArray(part)) return part.map((each) => (isObject(each) ? enlarged(each, times, within) : each));
  const scaled = ([name, value]) => {
    if (isObject(value) || Array.isArray(value)) return [name, enlarged(value, times, name)];
    const larger = (name === "size" && /font$/.test(within)) || within === "margin" || name === "title_standoff";
    return [name, larger && typeof value === "number" ? value * times : value];
  };
  return Object.fromEntries(Object.entries(part).map(scaled));
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

// The template carries the theme, so that whatever the figure says itself goes before it.
function themed(layout, { text, ground, line, font }) {
  const axis = { color: text, gridcolor: line, linecolor: line, tickcolor: line };
  const ours = layout.template?.layout ?? {};
  const template = {
    layout: {
      ...ours,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: text, family: font, size: 12 },
      title: { ...ours.title, font: { ...ours.title?.font, color: text, weight: 600 } },
      hoverlabel: { bgcolor: ground, bordercolor: line, font: { color: text, family: font } },
      xaxis: { ...ours.xaxis, ...axis },
      yaxis: { ...ours.yaxis, ...axis },
      annotationdefaults: { font: { color: text } },
    },
  };
  // As high as its place on the page, which grows when it takes the whole screen.
  return { ...layout, template, autosize: true, height: undefined };
}

// Plotly forgets the hover label when it draws: shown again where the mouse still is.
function pointed(chart) {
  const point = chart.matches(":hover") && chart._hoverdata?.[0];
  return point && { xval: point.x, yval: point.y };
}

// Plotly draws in several steps and takes up another figure between them: axes would have the range of the one and the
// ticks of the other, thousands of them. So one drawing waits for the one before, and only the latest figure is drawn.
function draw(chart, data) {
  chart.given = data;
  chart.style.height = `${data.height * enlargement("height")}px`;
  chart.turn = (chart.turn ?? Promise.resolve()).catch(() => {}).then(() => drawGiven(chart));
  return chart.turn;
}

async function drawGiven(chart) {
  const data = chart.given;
  const theme = themeOf(chart);
  const wanted = data.figure + JSON.stringify(theme);
  if (chart.drawn === wanted) return;
  chart.drawn = wanted;
  const Plotly = await load(data.plotly);
  const plain = JSON.parse(data.figure);
  const layout = themed(plain.layout, theme);
  const figure = theme.type === 1 ? { data: plain.data, layout } : enlarged({ data: plain.data, layout }, theme.type);
  const place = pointed(chart);
  await Plotly.react(chart, figure.data, figure.layout, { displayModeBar: false, scrollZoom: false });
  if (place) Plotly.Fx.hover(chart, place, "xy");
  if (!chart.watched) {
    chart.watched = new ResizeObserver(async () => {
      await draw(chart, chart.given); // presenter mode has begun or ended
      if (hasAnotherSize(chart)) await Plotly.Plots.resize(chart);
    });
    chart.watched.observe(chart);
  }
}

// An observer calls once at the beginning, too: then there is nothing to draw again.
function hasAnotherSize(chart) {
  const { width, height } = chart._fullLayout;
  return chart.offsetWidth && (chart.offsetWidth !== width || chart.offsetHeight !== height);
}

// What is brushed on parallel coordinates: for each axis by its title, the ranges that a line must pass through.
function brushed(chart) {
  const axes = chart.data[0]?.dimensions ?? [];
  return axes.filter((axis) => axis.constraintrange).map((axis) => [axis.label, [axis.constraintrange].flat(Infinity)]);
}

// What is awaited is shown once, also where the page draws its chart for the first time or anew.
function bringOntoScreen(chart, awaited) {
  const shown = (window.digitsLabShown ??= new Set());
  if (!awaited || shown.has(awaited)) return;
  shown.add(awaited);
  const { top, bottom } = chart.getBoundingClientRect();
  if (top < 0 || bottom > window.innerHeight) chart.scrollIntoView({ behavior: "smooth", block: "center" });
}

// Small charts have no room for the button.
function offerFullScreen(button, chart) {
  button.hidden = !document.fullscreenEnabled || chart.offsetHeight < LEAST_TO_ENLARGE;
  button.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : chart.parentElement.requestFullscreen());
}

export default function ({ data, parentElement, setStateValue }) {
  const chart = parentElement.querySelector(".digits-chart");
  if (data.least) {
    chart.style.minWidth = `${data.least}px`;
    chart.parentElement.style.overflowX = "auto";
  }
  const begun = draw(chart, data); // the chart has its height from here on
  offerFullScreen(parentElement.querySelector(".digits-enlarge"), chart);
  bringOntoScreen(chart, data.awaited);
  chart.setAttribute("role", "figure");
  chart.setAttribute("aria-label", data.alt);
  const drawn = begun.then(() => {
    if (!data.brush || chart.told) return;
    chart.told = true;
    chart.on("plotly_restyle", () => setStateValue("brush", brushed(chart)));
  });
  drawn.catch((error) => {
    chart.textContent = `The chart cannot be drawn: ${error.message}. Reload the page.`;
  });
}
