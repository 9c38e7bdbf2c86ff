// The app may be served below a path of its own: its scripts know where.
function appAddress(path) {
  const script = document.querySelector("script[src*='/static/']")?.src;
  return (script ? script.split("/static/")[0] : window.location.origin) + path;
}

