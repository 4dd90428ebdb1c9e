// Elements and texts. Whatever a customer, a document or an operator says becomes a text node, never markup.
// Knows nothing of conversations.

const SVG = "http://www.w3.org/2000/svg";

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

function shape([tag, attributes, inside]) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...inside.map(shape));
  return node;
}

const LINES = { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.75" };
const drawing = (name) =>
  shape(["svg", { ...LINES, "stroke-linecap": "round", "stroke-linejoin": "round", class: "fd-icon", "aria-hidden": "true" }, DRAWINGS[name]]);

/** A button; `short` shows the drawing alone, and the label is read aloud. */
function button(label, look, act, { symbol, short, ...more } = {}) {
  return make(
    "button",
    { type: "button", class: `fd-button fd-button--${look}`, title: short ? label : null, click: act, ...more },
    symbol ? drawing(symbol) : null,
    make("span", { class: short ? "fd-sr" : "fd-button__label" }, label),
  );
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));

/** The address where it is one of the web, else null: no script, no file and nothing of the page's own can be opened. */
function webAddress(text) {
  try {
    const address = new URL(text);
    return address.protocol === "https:" || address.protocol === "http:" ? address.href : null;
  } catch {
    return null;
  }
}

function link(text, words) {
  const address = webAddress(text);
  if (!address) return text;
  const note = make("span", { class: "fd-sr" }, ` (${words.opensElsewhere})`);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, text, note);
}

const WEB_ADDRESS = /https?:\/\/[^\s<>"'“”‘’（）《》，。；：！？、]+/g;

/** A text with its web addresses as links. */
function linked(text, words) {
  const parts = [];
  let begin = 0;
  for (const found of text.matchAll(WEB_ADDRESS)) {
    const address = found[0].replace(/[.,;:!?)\]]+$/, "");
    parts.push(text.slice(begin, found.index), link(address, words));
    begin = found.index + address.length;
  }
  return [...parts, text.slice(begin)];
}

const MARKER = /\s?\[(\d{1,3})\]/g;

/** An answer's text: `cite(n)` draws the marker [n], or gives null where n cites nothing and stays text. */
function cited(text, words, cite) {
  const parts = [];
  let begin = 0;
  for (const found of text.matchAll(MARKER)) {
    const marker = cite(Number(found[1]));
    if (!marker) continue;
    const before = linked(text.slice(begin, found.index), words);
    const [, most, last] = before.pop().match(/^(.*?)(.?)$/su);
    parts.push(...before, most, make("span", { class: "fd-keep" }, last, marker)); // on one line with its sentence's end
    begin = found.index + found[0].length;
  }
  return [...parts, ...linked(text.slice(begin), words)];
}
