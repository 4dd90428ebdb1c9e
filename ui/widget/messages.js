// Messages as elements: text, sources, thumbs, what can be done about them. Draws what it is given; asks nobody.
// `acts` is what people can do: ask(text), again(message), person(), rate(message, verdict, reason).

const LOOKS = { abstained: "abstained", handed_over: "handed-over" };
const SYMBOLS = { abstained: "question", "handed-over": "person", operator: "person" };
const RATED = ["answered", "abstained", "clarified"];

function lookOf(message) {
  if (message.author !== "bot") return message.author;
  return (message.state === "complete" && LOOKS[message.outcome]) || "answer";
}

/** What of a message makes it look as it does: while it stays the same, the element stays, and what is open in it. */
const signatureOf = (message, context) =>
  JSON.stringify([message.id, message.text, message.state, message.outcome, message.sending, message.citations.length, context]);

function authorOf(message, words, company) {
  if (message.author === "customer") return words.you;
  return message.author === "operator" ? filled(words.team, { company }) : words.assistant;
}

function drawMessage(message, context, acts) {
  const { words, company, locale } = context;
  if (message.author === "system") return make("p", { class: "fd-notice", dir: "auto" }, message.text);
  const look = lookOf(message);
  const [title, clock] = moment(message.at, locale);
  const head = make("div", { class: "fd-message__head" }, make("span", {}, authorOf(message, words, company)), make("time", { title }, clock));
  const avatar = make("span", { class: "fd-avatar", "aria-hidden": "true" }, drawing(SYMBOLS[look] || "bell"));
  const sources = message.citations.length ? drawSources(message.citations, words) : null;
  const body = [head, bubble(message, words, sources), sources, choices(message, context, acts), actions(message, context, acts)];
  return make("article", { class: `fd-message fd-message--${look}` }, avatar, make("div", { class: "fd-message__body" }, body));
}

function bubble(message, words, sources) {
  const known = new Set(message.citations.map((citation) => citation.marker));
  const cite = (marker) => (known.has(marker) ? citeButton(marker, words, sources) : null);
  const parts = message.author === "customer" ? message.text : cited(message.text, words, cite);
  const note = noteOn(message, words);
  return make(
    "div",
    { class: "fd-bubble" },
    message.text ? make("p", { class: "fd-text", dir: "auto" }, parts) : null,
    note ? make("p", { class: "fd-note" }, drawing("alert"), note) : null,
  );
}

function noteOn(message, words) {
  if (message.state === "failed") return words.failed;
  return message.state === "interrupted" ? words.interrupted : "";
}

function moment(at, locale) {
  const date = new Date(1000 * at);
  const day = date.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "short" };
  return [date.toLocaleString(locale), new Intl.DateTimeFormat(locale, { ...day, hour: "2-digit", minute: "2-digit" }).format(date)];
}

// --- sources ---

function citeButton(marker, words, sources) {
  const open = () => {
    const source = sources.querySelector(`[data-marker="${marker}"]`);
    source.open = true;
    source.querySelector("summary").focus({ preventScroll: true });
    source.scrollIntoView({ block: "nearest" });
  };
  const label = filled(words.sourceMarker, { number: marker });
  return make("button", { type: "button", class: "fd-cite", "aria-label": label, title: label, click: open }, String(marker));
}

function drawSources(citations, words) {
  return make(
    "section",
    { class: "fd-sources", "aria-label": words.sources },
    make("p", { class: "fd-sources__title" }, words.sources),
    citations.map((citation) => drawSource(citation, words)),
  );
}

function drawSource(citation, words) {
  const { marker, quote } = citation;
  const passage = citation.passage || quote;
  const start = quote ? passage.indexOf(quote) : -1;
  const [before, marked, after] = start < 0 ? ["", passage, ""] : [passage.slice(0, start), quote, passage.slice(start + quote.length)];
  return make(
    "details",
    { class: "fd-source", "data-marker": marker },
    make(
      "summary",
      {},
      make("span", { class: "fd-source__number" }, String(marker)),
      make("span", { class: "fd-source__place" }, placeOf(citation, words)),
      drawing("chevron"),
    ),
    make("blockquote", { dir: "auto" }, before.trimStart(), make("mark", {}, marked), after.trimEnd()),
    webAddress(citation.source) ? make("p", { class: "fd-source__link" }, link(citation.source, words)) : null,
  );
}

/** Title › heading, page. */
function placeOf({ title, heading, page }, words) {
  const steps = (heading || "").split(" > ").map((step) => step.trim()).filter(Boolean);
  if (steps[0] === title) steps.shift();
  const path = [title, ...steps].join(" › ");
  return page ? `${path} · ${filled(words.page, { page })}` : path;
}

// --- what can be done ---

function choices(message, { words, isLast }, acts) {
  if (!isLast || !message.choices.length) return null;
  const chips = message.choices.map((choice) => button(choice.title, "soft", () => acts.ask(choice.title)));
  return make("div", { class: "fd-actions", role: "group", "aria-label": words.choices }, chips);
}

function actions(message, { words, canAskAgain, unanswered, offersPerson }, acts) {
  const bad = unanswered ? words.interrupted : message.sending === "failed" && words.notSent;
  const parts = [
    message.sending === "sending" ? make("span", { class: "fd-state" }, words.sending) : null,
    bad ? make("span", { class: "fd-state is-bad" }, bad) : null,
    message.sending === "failed" ? button(words.sendAgain, "soft", () => acts.again(message), { symbol: "again" }) : null,
    offersPerson ? button(words.talkToPerson, "soft", acts.person, { symbol: "person" }) : null,
    canAskAgain ? button(words.again, "soft", () => acts.again(message), { symbol: "again" }) : null,
    message.state === "complete" && message.text && RATED.includes(message.outcome) ? thumbs(message, words, acts) : null,
  ].filter(Boolean);
  return parts.length ? make("div", { class: "fd-actions" }, parts) : null;
}

/** Thumbs that change in place; a thumb down asks what was wrong. */
function thumbs(message, words, acts) {
  const said = make("span", { class: "fd-thanks", role: "status" });
  const box = make("div", { class: "fd-thumbs" });
  const thumb = (verdict, label) =>
    button(label, "thumb", async () => {
      const wanted = message.feedback === verdict ? "" : verdict;
      show(wanted);
      if (wanted === "down") form.querySelector("input").focus();
      if (!(await acts.rate(message, wanted, ""))) show(message.feedback);
    }, { symbol: `thumb-${verdict}`, short: true, "aria-pressed": "false" });
  const up = thumb("up", words.helpful);
  const down = thumb("down", words.notHelpful);
  const form = reasonForm(words, async (reason) => {
    form.hidden = true;
    said.textContent = words.thanks;
    down.focus();
    if (!(await acts.rate(message, "down", reason))) show(message.feedback);
  });
  function show(verdict) {
    up.setAttribute("aria-pressed", String(verdict === "up"));
    down.setAttribute("aria-pressed", String(verdict === "down"));
    said.textContent = verdict ? words.thanks : "";
    form.hidden = verdict !== "down";
  }
  box.append(up, down, said);
  show(message.feedback);
  form.hidden = true; // the reason was asked when the thumb was given
  return [box, form];
}

function reasonForm(words, tell) {
  const field = make("input", { type: "text", class: "fd-field", maxlength: "500", placeholder: words.wrongPlaceholder, dir: "auto", "aria-label": words.whatWasWrong });
  return make(
    "form",
    {
      class: "fd-reason",
      submit: (event) => {
        event.preventDefault();
        if (field.value.trim()) tell(field.value.trim());
      },
    },
    make("p", { "aria-hidden": "true" }, words.whatWasWrong),
    make("div", {}, field, make("button", { type: "submit", class: "fd-button fd-button--primary" }, words.sendReason)),
  );
}

// --- the answer while it is written ---

function drawLive(live, words) {
  const shown = (marker) => make("span", { class: "fd-cite" }, String(marker));
  const dots = make("span", { class: "fd-dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
  const inside = live.text ? make("p", { class: "fd-text", dir: "auto" }, cited(live.text, words, shown)) : make("p", { class: "fd-doing" }, dots, words[live.doing]);
  return make(
    "article",
    { class: "fd-message fd-message--answer is-live", "aria-live": "off", "aria-busy": "true" },
    make("span", { class: "fd-avatar", "aria-hidden": "true" }, drawing("bell")),
    make("div", { class: "fd-message__body" }, make("div", { class: "fd-message__head" }, make("span", {}, words.assistant)), make("div", { class: "fd-bubble" }, inside)),
  );
}

// --- the whole of it, to keep ---

function transcriptOf(messages, words, company, locale) {
  const date = new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(new Date(1000 * messages[0].at));
  const lines = [filled(words.fileTitle, { company, date }), ""];
  for (const message of messages) {
    const [when] = moment(message.at, locale);
    lines.push(`${message.author === "system" ? "—" : authorOf(message, words, company)} (${when})`, message.text || noteOn(message, words));
    for (const citation of message.citations) lines.push(`  [${citation.marker}] ${placeOf(citation, words)}: ${citation.quote}`);
    lines.push("");
  }
  return lines.join("\r\n");
}
