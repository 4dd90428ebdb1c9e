// The launcher and the window above it: puts what a conversation holds on the page, and takes what people do.
// Redraws only what has changed, so that nothing that somebody reads, opened or types is lost.

const NEAR_BOTTOM = 120; // pixels: within them a reader is following
const PHONE = "(max-width: 640px)";

class ChatWindow {
  /** `about` is whom we speak for; `root` a shadow root. */
  constructor(root, about, conversation, settings) {
    this.root = root;
    this.about = about;
    this.conversation = conversation;
    this.settings = settings;
    this.isOpen = false;
    this.phone = matchMedia(PHONE);
    this.panel = make("div", { class: "fd-panel", "data-position": settings.position });
    root.append(this.panel);
    this.panel.addEventListener("keydown", (event) => this.pressed(event));
    // What is typed here is none of the page's business: its shortcuts would take us for no field.
    for (const name of ["keydown", "keypress", "keyup"]) this.panel.addEventListener(name, (event) => event.stopPropagation());
    this.phone.addEventListener("change", () => this.fit());
    conversation.addEventListener("change", () => this.update());
  }

  /** Draws everything anew, in this language. What is being typed stays. */
  speak(locale, words) {
    const typed = this.field?.value || "";
    const held = this.window?.contains(this.root.activeElement);
    this.language = locale;
    this.locale = navigator.languages.find((name) => languageOf(name) === locale && /^(zh|en)\b/i.test(name)) || locale; // of dates
    this.words = words;
    this.drawn = new Map();
    this.bannered = this.lived = undefined;
    this.panel.lang = locale === "zh" ? "zh-CN" : "en";
    this.panel.replaceChildren(this.drawWindow(), this.drawLauncher());
    this.field.value = typed;
    this.fit();
    this.update();
    this.toEnd();
    if (held) this.field.focus({ preventScroll: true });
  }

  dress(theme) {
    this.panel.dataset.theme = theme;
  }

  // --- opening and closing ---

  open({ focus = true } = {}) {
    if (this.isOpen) return;
    this.isOpen = true;
    this.fit();
    this.conversation.watch(true);
    this.toEnd();
    if (focus) (this.phone.matches ? this.window : this.field).focus({ preventScroll: true });
    this.settings.onOpen(true);
  }

  close() {
    if (!this.isOpen) return;
    const held = this.window.contains(this.root.activeElement);
    this.isOpen = false;
    this.fit();
    this.conversation.watch(false);
    if (held) this.launcher.focus({ preventScroll: true });
    this.settings.onOpen(false);
  }

  /** On a phone the window is the whole screen, and the page behind it stands still. */
  fit() {
    const whole = this.isOpen && this.phone.matches;
    this.window.hidden = !this.isOpen;
    this.launcher.hidden = whole;
    if (whole) this.window.setAttribute("aria-modal", "true");
    else this.window.removeAttribute("aria-modal");
    const page = document.documentElement.style;
    if (whole && !this.held) this.held = { overflow: page.overflow };
    if (whole) page.overflow = "hidden";
    else if (this.held) {
      page.overflow = this.held.overflow;
      this.held = null;
    }
  }

  pressed(event) {
    if (event.key === "Escape" && this.isOpen && !event.isComposing) this.close();
    else if (event.key === "Tab" && this.window.hasAttribute("aria-modal")) this.keepInside(event);
  }

  keepInside(event) {
    const all = [...this.window.querySelectorAll("button:enabled, textarea:enabled, input, summary, a[href], [tabindex='0']")];
    const reachable = all.filter((node) => node.getClientRects().length);
    const [from, to] = event.shiftKey ? [reachable[0], reachable.at(-1)] : [reachable.at(-1), reachable[0]];
    const { activeElement } = this.root;
    if (activeElement !== from && !(event.shiftKey && activeElement === this.window)) return;
    event.preventDefault();
    to.focus();
  }

  // --- what stands there ---

  drawLauncher() {
    this.badge = make("span", { class: "fd-badge", "aria-hidden": "true", hidden: true });
    this.launcher = make("button", { type: "button", class: "fd-launcher", "aria-controls": "fd-window", click: () => (this.isOpen ? this.close() : this.open()) });
    this.launcher.append(drawing("talk"), drawing("close"), this.badge);
    return this.launcher;
  }

  drawWindow() {
    this.log = make("section", { class: "fd-log", role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": this.words.conversation });
    this.liveArea = make("div", { class: "fd-live" });
    this.greeting = this.drawGreeting();
    this.scroller = make("div", { class: "fd-scroll", tabindex: "0", role: "region", "aria-label": this.words.conversation }, this.greeting, this.log, this.liveArea);
    this.banners = make("div", { class: "fd-banners", role: "status" });
    this.window = make(
      "section",
      { id: "fd-window", class: "fd-window", role: "dialog", "aria-label": this.about.company, tabindex: "-1", hidden: true },
      this.drawHeader(), this.banners, this.scroller, this.drawComposer(),
    );
    return this.window;
  }

  drawHeader() {
    const { words, about } = this;
    const tagline = inLanguage(about.tagline, this.language);
    const short = { short: true };
    this.keep = button(words.download, "plain", () => this.download(), { symbol: "download", ...short });
    this.anew = button(words.newConversation, "plain", () => this.startAnew(), { symbol: "plus", ...short });
    const close = button(words.closeChat, "plain", () => this.close(), { symbol: "close", ...short });
    return make(
      "div", // no <header>: the page has its own
      { class: "fd-header" },
      make(
        "div",
        { class: "fd-header__inner" },
        make("span", { class: "fd-logo" }, drawing("bell")),
        make("div", { class: "fd-header__titles" }, make("h2", { class: "fd-header__name" }, about.company), tagline ? make("p", { class: "fd-header__tagline" }, tagline) : null),
        make("div", { class: "fd-header__actions" }, this.keep, this.anew, close),
      ),
    );
  }

  drawGreeting() {
    const { words, about } = this;
    const questions = (inLanguage(about.suggested_questions, this.language) || []).map((question) =>
      make("button", { type: "button", class: "fd-suggestion", click: () => this.say(question) }, make("span", {}, question), drawing("chevron")),
    );
    return make(
      "div",
      { class: "fd-greeting" },
      make("span", { class: "fd-greeting__sign" }, drawing("bell")),
      make("h3", {}, words.greeting),
      make("p", {}, words.greetingDetail),
      questions.length ? make("div", { class: "fd-suggestions", role: "group", "aria-label": words.suggestions }, questions) : null,
    );
  }

  drawComposer() {
    const { words } = this;
    this.field = make("textarea", {
      id: "fd-field", rows: "1", maxlength: this.about.max_message_characters, placeholder: words.messagePlaceholder, enterkeyhint: "send", autocomplete: "off", dir: "auto",
      input: () => this.grow(),
      keydown: (event) => this.typed(event),
    });
    this.counter = make("span", { class: "fd-counter" });
    this.sendButton = make("button", { type: "submit", class: "fd-send", title: words.send }, drawing("send"), make("span", { class: "fd-sr" }, words.send));
    const form = make("form", { class: "fd-form", submit: (event) => this.submitted(event) }, make("label", { for: "fd-field", class: "fd-sr" }, words.messageLabel), this.field, this.counter, this.sendButton);
    this.person = button(words.talkToPerson, "soft", () => this.fetchPerson(), { symbol: "person" });
    const foot = make("div", { class: "fd-composer__foot" }, this.person, make("p", { class: "fd-footnote" }, words.footnote));
    return make("div", { class: "fd-composer" }, form, foot);
  }

  // --- what changes ---

  update() {
    if (!this.words) return;
    const { conversation, words } = this;
    const { messages, handler, unread } = conversation;
    const follows = this.follows();
    const label = this.isOpen ? words.closeChat : words.openChat;
    const news = unread && !this.isOpen ? filled(words.newMessages, { count: unread }) : "";
    this.launcher.setAttribute("aria-label", news ? `${label} · ${news}` : label);
    this.launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.badge.hidden = !news;
    this.badge.textContent = unread > 9 ? "9+" : String(unread);
    this.greeting.hidden = messages.length > 0 || handler !== "bot";
    this.keep.hidden = messages.length === 0;
    this.anew.hidden = messages.length === 0 && handler === "bot";
    this.person.hidden = handler !== "bot";
    this.field.disabled = handler === "closed";
    this.grow();
    this.updateBanners();
    this.updateLog();
    if (follows) this.toEnd();
    if (unread !== this.told) this.settings.onUnread(unread);
    this.told = unread;
  }

  updateBanners() {
    const { handler, isLost, problem } = this.conversation;
    const { words } = this;
    const wanted = [
      isLost && ["bad", "alert", words.lost, words.lostDetail],
      problem && problem !== "closed" && ["bad", "alert", words[problem] || words.unexpected],
      handler === "waiting" && ["info", "clock", words.inQueue, words.inQueueDetail],
      handler === "operator" && ["good", "person", words.withPerson],
      handler === "closed" && ["info", "check", words.closed, "", () => this.startAnew()],
    ].filter(Boolean);
    const signature = JSON.stringify(wanted);
    if (signature === this.bannered) return;
    this.bannered = signature;
    this.banners.replaceChildren(...wanted.map((each) => this.drawBanner(...each)));
  }

  drawBanner(tone, symbol, text, detail, act) {
    return make(
      "div",
      { class: `fd-banner fd-banner--${tone}` },
      drawing(symbol),
      make("p", {}, make("strong", {}, text), detail ? make("span", {}, detail) : null),
      act ? button(this.words.newConversation, "quiet", act) : null,
    );
  }

  updateLog() {
    const { messages, live } = this.conversation;
    const wanted = messages.map((message, place) => this.elementOf(message, place === messages.length - 1));
    const shown = new Set(wanted);
    for (const node of [...this.log.children]) if (!shown.has(node)) node.remove();
    wanted.forEach((node, place) => {
      if (this.log.children[place] !== node) this.log.insertBefore(node, this.log.children[place] || null);
    });
    const signature = live ? `${live.doing}${live.text}` : "";
    if (signature !== this.lived) this.liveArea.replaceChildren(...(live ? [drawLive(live, this.words)] : []));
    this.lived = signature;
  }

  elementOf(message, isLast) {
    const { words, locale, conversation } = this;
    const withBot = conversation.handler === "bot";
    const unanswered = isLast && conversation.isUnanswered(message) && (message.broke || now() - message.at > 30);
    const context = {
      isLast: isLast && withBot,
      canAskAgain: withBot && isLast && !conversation.live && (unanswered || (message.author === "bot" && message.state !== "complete")),
      unanswered,
      offersPerson: withBot && message.outcome === "abstained" && message.state === "complete",
      locale,
    };
    const signature = signatureOf(message, context);
    const known = this.drawn.get(message);
    if (known && known.signature === signature) return known.node;
    const node = drawMessage(message, { ...context, words, company: this.about.company }, this.acts());
    this.drawn.set(message, { signature, node });
    return node;
  }

  acts() {
    return {
      ask: (text) => this.say(text),
      again: (message) => this.again(message),
      person: () => this.fetchPerson(),
      rate: (message, verdict, reason) => this.conversation.rate(message, verdict, reason),
    };
  }

  follows() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
  }

  toEnd() {
    this.scroller.scrollTop = this.greeting.hidden ? this.scroller.scrollHeight : 0;
  }

  // --- what people do ---

  typed(event) {
    const composing = event.isComposing || event.keyCode === 229; // Enter that chooses a Chinese word sends nothing
    if (event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }

  submitted(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    if (!text || this.field.disabled) return;
    this.field.value = "";
    this.say(text);
  }

  say(text) {
    this.conversation.say(text);
    this.field.focus({ preventScroll: true });
    this.toEnd();
  }

  /** A message that was not sent or got no answer goes out again as it was; a question that was cut off is asked anew. */
  again(message) {
    const asked = message.author === "customer" ? message : this.conversation.messages.find((each) => each.id === message.replyTo);
    if (!asked) return;
    const { messages } = this.conversation;
    const unsent = messages.filter((each) => each.sending === "failed"); // all of them, in the order of their writing
    if (message.sending === "failed") for (const each of unsent) this.conversation.deliver(each);
    else if (message.state === "interrupted") this.conversation.say(asked.text);
    else this.conversation.deliver(asked);
    this.field.focus({ preventScroll: true });
  }

  fetchPerson() {
    this.conversation.fetchPerson();
    this.field.focus({ preventScroll: true });
  }

  startAnew() {
    this.conversation.reset();
    this.toEnd();
    this.field.focus({ preventScroll: true });
  }

  grow() {
    this.field.style.height = "auto";
    if (this.isOpen) this.field.style.height = `${this.field.scrollHeight}px`;
    const { value, maxLength } = this.field;
    const left = maxLength - value.length;
    this.counter.textContent = left < maxLength / 5 ? filled(this.words.charactersLeft, { left }) : "";
    this.sendButton.disabled = this.field.disabled || !value.trim();
  }

  download() {
    const text = transcriptOf(this.conversation.messages, this.words, this.about.company, this.locale);
    const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" }));
    make("a", { href: address, download: `${this.words.fileName}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
}

const inLanguage = (texts, language) => texts[language] ?? texts.en;
