// Draws a panel's HTML without losing what people have open, typed or focused, and tells the server what they do.
// Runs inside gr.HTML: `element`, `props`, `trigger`, `watch` and `upload` are given. Knows nothing of our pages.
const root = element.firstElementChild;
const NEAR_BOTTOM = 140; // pixels: within them a reader is following
const LOST_AFTER = 20000; // milliseconds without an answer of the server before a sent text is given back

// --- drawing: the new HTML is compared with what stands there, element by element ---

const keyOf = (node) => (node.dataset ? node.dataset.key : undefined);
const STICKY = { DETAILS: "open", TIME: "title" }; // attributes that belong to the reader
const isOurs = (node) => node.nodeName === "TEXTAREA" || node.hasAttribute("data-ours"); // its inside is not the server's

function syncAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && STICKY[old.nodeName] !== name) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (STICKY[old.nodeName] !== name && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

function morphNode(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return;
  }
  syncAttributes(old, fresh);
  if (!isOurs(old)) morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
  const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let cursor = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = keyOf(next);
    const fits = cursor && !keyOf(cursor) && cursor.nodeName === next.nodeName;
    const match = key ? keyed.get(key) : fits ? cursor : null;
    if (!match || match.nodeName !== next.nodeName) {
      old.insertBefore(next, cursor);
      continue;
    }
    if (match === cursor) cursor = cursor.nextSibling;
    else old.insertBefore(match, cursor);
    morphNode(match, next);
  }
  while (cursor) {
    const gone = cursor;
    cursor = cursor.nextSibling;
    gone.remove();
  }
}

const scroller = () => root.querySelector("[data-scroller]") || document.scrollingElement;
const isFollowing = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM;
const toBottom = (box) => box.scrollTo({ top: box.scrollHeight });
let pinned = false; // the reader has just written something, and wants to see it
let subject; // of the scroller: another conversation begins at its end

const turnOf = (node) => Number(node.firstElementChild?.dataset?.turn || 0);

function draw() {
  const fresh = document.createElement("template");
  fresh.innerHTML = props.value || "";
  if (turnOf(fresh.content) < turnOf(root)) return; // an answer to a question that was asked before the last click
  const before = scroller();
  const following = isFollowing(before);
  morphChildren(root, fresh.content);
  afterDrawing();
  const marked = root.querySelector("[data-follow]");
  const other = marked && marked.dataset.follow !== subject;
  if (marked && (following || other || pinned)) requestAnimationFrame(() => toBottom(scroller()));
  if (marked) subject = marked.dataset.follow;
  pinned = false;
}

function afterDrawing() {
  const page = root.querySelector("[data-lang]");
  if (page) document.documentElement.lang = page.dataset.lang;
  const locale = document.documentElement.lang || undefined;
  root.querySelectorAll("time[data-at]").forEach((time) => writeTime(time, locale));
  root.querySelectorAll("textarea[name]").forEach(fitTextarea);
  root.querySelectorAll("[data-draft]").forEach(giveBack);
  root.querySelectorAll("select[data-chosen]").forEach((list) => {
    if (document.activeElement !== list) list.value = list.dataset.chosen; // what was chosen before is not the attribute's
  });
  const marked = root.querySelector("mark[data-show]");
  if (marked && marked.dataset.show !== root.dataset.shown) {
    root.dataset.shown = marked.dataset.show;
    const box = marked.closest(".fd-open__body");
    box.scrollTop = marked.offsetTop - box.offsetTop - 24;
  }
  const wanted = root.querySelector("[data-focus]");
  if (wanted && wanted.dataset.focus !== root.dataset.focused) {
    root.dataset.focused = wanted.dataset.focus;
    wanted.focus();
  }
}

function writeTime(time, locale) {
  const at = new Date(1000 * Number(time.dataset.at));
  const today = at.toDateString() === new Date().toDateString();
  const clock = { hour: "2-digit", minute: "2-digit" };
  const full = { day: "numeric", month: "short", ...clock };
  time.title = at.toLocaleString(locale);
  const text = new Intl.DateTimeFormat(locale, today ? clock : full).format(at);
  if (time.textContent !== text) time.textContent = text;
}

// --- forms ---

const isFree = (element) => element && element.hasAttribute("data-free"); // a form of several fields, sent by its button only

function fitTextarea(area) {
  if (isFree(area)) return;
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
  const form = area.form;
  const submit = form.querySelector("button[type=submit]");
  if (submit) submit.disabled = area.disabled || form.dataset.busy === "true" || !area.value.trim();
  const counter = form.querySelector("[data-counter]");
  const left = area.maxLength - area.value.length;
  if (counter) counter.textContent = left < area.maxLength / 5 ? counter.dataset.counter.replace("{left}", left) : "";
}

function giveBack(form) {
  const area = form.querySelector("textarea");
  if (form.dataset.draft && !area.value) area.value = form.dataset.draft;
  fitTextarea(area);
}

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function submitted(form) {
  const fields = Object.fromEntries(new FormData(form));
  const area = isFree(form) ? null : form.querySelector("textarea");
  if (area && (form.dataset.busy === "true" || !area.value.trim())) return;
  const name = form.dataset.event === "send" ? "send" : "act";
  trigger(name, { ...form.dataset, ...fields, client: newId() });
  if (!area) return;
  const text = area.value;
  pinned = true;
  area.value = "";
  area.focus();
  if (name === "send") holdUntilAnswered(form, text);
  fitTextarea(area);
  requestAnimationFrame(() => toBottom(document.scrollingElement));
}

function holdUntilAnswered(form, text) {
  const value = props.value;
  form.dataset.busy = "true";
  setTimeout(() => {
    if (props.value !== value) return;
    form.dataset.busy = "false";
    form.dataset.draft = text;
    giveBack(form);
  }, LOST_AFTER);
}

// --- what people do ---

function openSource(link) {
  const source = link.closest("[data-message]").querySelector(`details[data-marker="${link.dataset.cite}"]`);
  if (!source) return;
  source.open = true;
  source.querySelector("summary").focus({ preventScroll: true });
  source.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

root.addEventListener("click", (event) => {
  const cite = event.target.closest("[data-cite]");
  if (cite) {
    event.preventDefault();
    openSource(cite);
    return;
  }
  const button = event.target.closest("button[data-act]");
  if (!button || button.disabled) return;
  if (button.dataset.event === "send") button.disabled = true; // a second click is not a second message
  const name = button.dataset.event === "send" ? "send" : "act";
  trigger(name, name === "send" ? { client: newId(), ...button.dataset } : { ...button.dataset });
});

root.addEventListener("submit", (event) => {
  if (event.target.hasAttribute("action")) return; // a form that the browser sends by itself
  event.preventDefault();
  submitted(event.target);
});

root.addEventListener("keydown", (event) => {
  const composing = event.isComposing || event.keyCode === 229; // Enter that chooses a Chinese word sends nothing
  if (event.target.nodeName !== "TEXTAREA" || isFree(event.target) || event.key !== "Enter" || event.shiftKey || composing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});

let pause;
root.addEventListener("input", (event) => {
  if (event.target.nodeName === "TEXTAREA") fitTextarea(event.target);
  if (!event.target.dataset.live) return;
  clearTimeout(pause);
  pause = setTimeout(() => trigger("act", { act: event.target.dataset.live, text: event.target.value }), 250);
});

root.addEventListener("change", (event) => {
  const { nodeName, dataset, value } = event.target;
  if (nodeName === "SELECT" && dataset.live) trigger("act", { act: dataset.live, text: value });
});

// --- files ---

const A_GROUP = 8; // files that are reported together: work on the first begins while the rest is still being sent

async function sendFiles(zone, files) {
  if (!files.length) return;
  const status = zone.querySelector("[data-sending]");
  const tell = (text) => status && (status.textContent = text);
  const batch = newId();
  const { replaces } = zone.dataset; // the id of the document whose place a file takes
  let arrived = [];
  for (const [position, { file, name }] of files.entries()) {
    tell(status ? status.dataset.sending.replace("{count}", `${position + 1}/${files.length}`) : "");
    try {
      arrived.push({ path: (await upload(file)).path, name });
    } catch {
      arrived.push({ path: "", name, size: file.size });
    }
    if ((arrived.length === A_GROUP && !replaces) || position + 1 === files.length) {
      trigger("act", { act: "uploaded", batch, replaces, files: arrived });
      arrived = [];
    }
  }
  tell("");
}

const isHidden = (name) => name.split("/").some((part) => part.startsWith("."));
const named = (files) => [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name })).filter(({ name }) => !isHidden(name));

async function below(entry) {
  if (entry.isFile) {
    const file = await new Promise((found, lost) => entry.file(found, lost));
    return isHidden(entry.fullPath) ? [] : [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((read, lost) => reader.readEntries(read, lost)); // a hundred at a time, then none
    if (!some.length) return found;
    for (const each of some) found.push(...(await below(each)));
  }
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return named(transfer.files);
  const files = [];
  for (const entry of entries) files.push(...(await below(entry)));
  return files;
}

// A file of text goes into the field that its input names; only the browser reads it.
async function readInto(input) {
  const area = document.getElementById(input.dataset.into);
  const [file] = input.files;
  if (area && file) area.value = await file.text();
  input.value = "";
}

const zoneOf = (event) => event.target.closest && event.target.closest("[data-drop]");

root.addEventListener("change", (event) => {
  if (event.target.type !== "file") return;
  if (event.target.dataset.into) {
    readInto(event.target);
    return;
  }
  sendFiles(zoneOf(event), named(event.target.files));
  event.target.value = "";
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  root.addEventListener(name, (event) => {
    const zone = zoneOf(event);
    if (!zone) return;
    event.preventDefault();
    zone.classList.toggle("is-over", name === "dragenter" || name === "dragover");
    if (name === "drop") dropped(event.dataTransfer).then((files) => sendFiles(zone, files));
  });
}

watch("value", draw);
draw();
