// <frontdesk-widget> and window.frontdesk: begins when the script is loaded, and is what a page can call.

const script = document.currentScript;
const ADDRESS = new URL(".", script.src).href.replace(/\/$/, "");
const RETURNS = [2000, 5000, 15000, 60000]; // milliseconds before each further attempt to reach the desk

const given = () => ({ ...script.dataset, ...window.frontdeskSettings });
const oneOf = (value, known, otherwise) => (known.includes(value) ? value : otherwise);
const languageOf = (name) => (/^zh\b/i.test(name || "") ? "zh" : "en");
const announce = (name, detail = {}) => window.dispatchEvent(new CustomEvent(`frontdesk:${name}`, { detail }));

let styles; // one sheet for all; no inline style, which a strict content security policy would refuse

class FrontdeskWidget extends HTMLElement {
  #window;
  #conversation;
  #memory;
  #isWanted = false; // the page asked for the window before it was there
  #chosen; // the locale that a page or a person has set; without, it is the page's

  async connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" });
    if (!styles) {
      styles = new CSSStyleSheet();
      styles.replaceSync(STYLES);
    }
    this.shadowRoot.adoptedStyleSheets = [styles];
    const settings = given();
    this.#chosen = settings.locale;
    const desk = new Desk(ADDRESS);
    const about = await reached(desk);
    if (about) this.#begin(desk, about, settings);
  }

  #begin(desk, about, settings) {
    this.#memory = new Memory(ADDRESS);
    this.#conversation = new Conversation(desk, this.#memory, this.#locale());
    const position = oneOf(settings.position, ["left", "right"], "right");
    this.#window = new ChatWindow(this.shadowRoot, about, this.#conversation, {
      position,
      onUnread: (count) => announce("unread", { count }),
      onOpen: (isOpen) => this.#opened(isOpen),
    });
    this.#dress(settings.theme);
    this.#speak();
    new MutationObserver(() => this.#chosen || this.#speak()).observe(document.documentElement, { attributeFilter: ["lang"] });
    this.#conversation.addEventListener("message", ({ detail: { id, author, text } }) => announce("message", { id, author, text }));
    if (this.#isWanted) this.#window.open();
    else if (this.#memory.wasOpen && !matchMedia(PHONE).matches) this.#window.open({ focus: false });
    this.#conversation.resume();
    announce("ready");
  }

  #opened(isOpen) {
    this.#memory.wasOpen = isOpen;
    announce(isOpen ? "open" : "close");
  }

  #dress(theme) {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const dress = () => this.#window.dress(oneOf(theme, ["light", "dark"], dark.matches ? "dark" : "light"));
    dark.addEventListener("change", dress);
    dress();
  }

  #locale = () => languageOf(this.#chosen || document.documentElement.lang || navigator.language);

  #speak() {
    const language = this.#locale();
    if (language === this.#window.language) return;
    this.#conversation.language = language;
    this.#window.speak(language, WORDS[language]);
  }

  open() {
    this.#isWanted = true;
    this.#window?.open();
  }

  close() {
    this.#isWanted = false;
    this.#window?.close();
  }

  reset() {
    this.#conversation?.reset();
  }

  setLocale(locale) {
    this.#chosen = locale;
    if (this.#window) this.#speak();
  }
}

/** Whom we speak for; null where this page may not ask. A desk that cannot be reached is asked again later. */
async function reached(desk) {
  for (const milliseconds of RETURNS) {
    try {
      return await desk.settings();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    if (milliseconds === RETURNS[0]) console.warn(`frontdesk: ${ADDRESS} did not answer. Is ${location.origin} in FRONTDESK_WEB__ALLOWED_ORIGINS there?`);
    await pause(milliseconds);
  }
  return null;
}

function start() {
  customElements.define("frontdesk-widget", FrontdeskWidget);
  const element = document.querySelector("frontdesk-widget") || document.body.appendChild(make("frontdesk-widget"));
  window.frontdesk = {
    open: () => element.open(),
    close: () => element.close(),
    setLocale: (locale) => element.setLocale(locale),
    reset: () => element.reset(),
  };
}

if (!customElements.get("frontdesk-widget")) {
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
}
