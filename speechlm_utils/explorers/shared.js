// What all explorers share. `make` builds an element: attributes, "on…" for listeners, then its children.
const make = (tag, attributes = {}, ...children) => {
  const svg = ["svg", "polyline", "circle", "line", "rect", "text"].includes(tag);
  const one = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) one.setAttribute(name, value === true ? "" : value);
  }
  one.append(...children.filter((child) => child != null));
  return one;
};

// One sound at a time on a page, or a part of one (seconds); asked for again while it plays, it stops.
const play = (source, begin = 0, end = Infinity) => {
  const before = window.speechlmSound;
  before?.pause();
  if (before && before.src === source && before.begin === begin && !before.ended && !before.stopped) {
    before.stopped = true;
    return;
  }
  const sound = Object.assign(new Audio(source), { begin });
  const stop = () => {
    sound.pause();
    sound.stopped = true;
  };
  window.speechlmSound = sound;
  if (begin) sound.currentTime = begin;
  if (end < Infinity) sound.addEventListener("playing", () => setTimeout(stop, 1000 * (end - begin)), { once: true });
  sound.play().catch(() => {}); // pressed again before it had begun
};

// Change the sound of a player without losing the place: it goes on from there, if it was playing.
const follow = (player, source) => {
  const [place, goes] = [player.currentTime, !player.paused];
  player.src = source;
  player.addEventListener("loadedmetadata", () => {
    player.currentTime = Math.min(place, player.duration);
    if (goes) player.play().catch(() => {});
  }, { once: true });
};

// Arrow keys, Home and End move through a group of buttons that is a single stop of the Tab key.
const rove = (buttons) => {
  buttons.forEach((button, place) => {
    button.tabIndex = place ? -1 : 0;
    button.addEventListener("keydown", (event) => {
      const last = buttons.length - 1;
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -last, End: last };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const next = buttons[Math.min(Math.max(place + steps[event.key], 0), last)];
      buttons.forEach((one) => (one.tabIndex = one === next ? 0 : -1));
      next.focus();
    });
  });
};

// A table that may be wider than a narrow screen: it scrolls, by keyboard too.
const scroll = (table, name) => make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": name }, table);

// Classes have a sign and a colour: the sign is enough. `keys` is the legend.
const SIGNS = ["●", "▲", "■", "◆", "★", "✚", "▼", "○"];
const signsOf = (classes) => Object.fromEntries(classes.map(({ name }, i) => [name, SIGNS[i % SIGNS.length]]));
const colorsOf = (classes) => Object.fromEntries(classes.map(({ name, color }) => [name, color]));
const keys = (classes) => make("p", {}, ...classes.map(({ name, color }) => make("span", { class: "key" },
  make("span", { class: "sign", style: `--fill:${color}`, "aria-hidden": "true" }, signsOf(classes)[name]), ` ${name}  `)));

// Explorers of one page send the reader to each other: to a token of the atlas, to a clip of the timeline.
const find = (script) => document.querySelector(`[data-explorer="${script}"]`);
const send = (script, detail) => find(script)?.dispatchEvent(new CustomEvent("speechlm", { detail }));

// Lines of cells as CSV, every cell in quotes.
const writeTable = (lines) =>
  lines.map((line) => line.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(",")).join("\r\n") + "\r\n";

const percent = (share) => `${Math.round(100 * share)} %`;
const signed = (value, digits = 2) => (value < 0 ? "−" : "+") + Math.abs(value).toFixed(digits);

// Draw a module into an element, with its data in place of a kernel. In JupyterLab arrow keys would go from cell
// to cell: the attribute, on the very element that has the focus, says that they are its own.
const start = (widget, el, data) => {
  el.replaceChildren();
  el.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true"));
  widget.render({ model: { get: (name) => data[name] }, el });
};
