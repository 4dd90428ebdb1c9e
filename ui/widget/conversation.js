// One conversation as this browser knows it: what was said, what is on its way, who answers.
// Says "change" when there is something new to show, and "message" for each new message. Draws nothing.

const RETRIES = [0, 500, 1500]; // milliseconds before each attempt to send
const MOST_RESENT = 5; // times a message is sent by itself when the connection is back; then the customer decides
const FROM_THE_BOT = ["intent", "passages", "text", "answer"]; // events of a turn that a person does not handle

class Conversation extends EventTarget {
  constructor(desk, memory, language) {
    super();
    this.desk = desk;
    this.memory = memory;
    this.language = language;
    this.isWatched = false;
    this.clear();
    document.addEventListener("visibilitychange", () => document.hidden || this.look());
    window.addEventListener("online", () => this.look());
    window.addEventListener("storage", (event) => event.key === memory.key && this.adopt());
  }

  clear() {
    this.handler = "bot";
    this.messages = [];
    this.live = null; // the answer being written: {to, text, doing, answer, lastEventId}
    this.problem = null; // the kind of the last refusal
    this.isLost = false;
    this.cursor = null; // the last message that a look has brought
    this.isCaughtUp = false; // what is brought from now on is news, not history
    this.failures = 0;
    this.opening = null; // the promise of a conversation that is being opened: whoever needs one waits for the same
    this.sending = Promise.resolve();
    this.rating = Promise.resolve();
  }

  get id() {
    return this.memory.kept.id;
  }

  get unread() {
    return countUnread(this.messages, this.memory.kept.read);
  }

  changed() {
    const read = this.isWatched && !document.hidden ? readUpTo(this.messages, this.memory.kept.read) : null;
    if (read) this.memory.change({ read });
    this.dispatchEvent(new Event("change"));
  }

  tell(message) {
    this.dispatchEvent(new CustomEvent("message", { detail: message }));
  }

  /** Whether somebody has the window open. */
  watch(isWatched) {
    this.isWatched = isWatched;
    this.look();
    this.changed();
  }

  // --- coming back ---

  /** Reads what was said before, and takes up what was on its way when the page was left. */
  async resume() {
    for (const kept of this.memory.kept.unsent) this.messages.push(ownMessage(kept.text, kept.clientId, kept.at));
    if (this.id) await this.look();
    for (const message of this.messages) {
      if (message.sending === "failed" && isFresh(message)) this.deliver(message);
    }
    const last = this.messages.at(-1);
    if (last && this.isUnanswered(last) && isFresh(last)) this.deliver(last);
  }

  /** Another tab of this site has opened a conversation, or begun anew: this one follows. */
  adopt() {
    const before = this.id;
    this.memory.load();
    if (this.id === before) {
      this.dispatchEvent(new Event("change"));
      return this.look();
    }
    this.clear();
    this.changed();
    return this.resume();
  }

  isUnanswered(message) {
    return message.author === "customer" && Boolean(message.id) && !message.sending && this.handler === "bot" && !this.live;
  }

  reset() {
    clearTimeout(this.timer);
    this.memory.change({ id: null, read: null, unsent: [] });
    this.clear();
    this.changed();
  }

  // --- saying something ---

  say(text) {
    const message = ownMessage(text, newId(), now());
    this.messages.push(message);
    this.memory.change({ unsent: [...this.memory.kept.unsent, { text, clientId: message.clientId, at: message.at }] });
    return this.deliver(message);
  }

  /** Sends a message after those before it; as often as it takes, it stays the same message. */
  deliver(message) {
    message.sending = message.id ? "" : "sending";
    this.problem = null;
    const messages = this.messages;
    this.sending = this.sending.then(async () => {
      if (this.messages !== messages) return; // another conversation was begun meanwhile
      try {
        await this.attempt(message, messages);
      } catch (error) {
        this.giveUp(message, "refused"); // nothing that we know of; the next message must go out all the same
        console.error("frontdesk:", error);
      }
      if (this.messages === messages) this.changed();
    });
    this.changed();
    return this.sending;
  }

  async attempt(message, messages) {
    const before = messages.slice(0, messages.indexOf(message));
    if (this.isLost && before.some((each) => each.sending === "failed")) return this.giveUp(message, null); // none overtakes
    for (const milliseconds of RETRIES) {
      if (milliseconds) await pause(milliseconds);
      if (this.messages !== messages) return undefined;
      try {
        await this.turn(message);
        this.problem = null;
        return this.found();
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (this.messages !== messages) return undefined;
        if (error.kind === "gone") this.beginAnew(message);
        else if (error.kind === "lost") this.lost();
        else return this.giveUp(message, error.kind);
      }
    }
    return this.giveUp(message, null);
  }

  giveUp(message, kind) {
    this.live = null;
    this.problem = kind;
    if (kind === "closed") this.handler = "closed";
    if (!message.id) message.sending = "failed";
  }

  /** The desk no longer knows this conversation: the message opens another. */
  beginAnew(message) {
    this.forget();
    Object.assign(message, { id: null, sending: "sending", lastEventId: null });
  }

  /** Of the conversation itself; what was not sent stays, for the next. */
  forget() {
    this.memory.change({ id: null, read: null });
    this.cursor = null;
    this.handler = "bot";
    this.live = null;
  }

  async turn(message) {
    const { messages } = this;
    await this.opened();
    if (this.messages !== messages) return;
    if (this.live?.to !== message) this.live = this.handler === "bot" ? { to: message, text: "", doing: "reading" } : null;
    this.changed();
    for await (const [name, id, data] of this.desk.send(this.id, message.text, message.clientId, message.lastEventId)) {
      if (this.messages !== messages) return;
      message.lastEventId = id;
      this.hear(message, name, data);
      this.changed();
      if (name === "ended") return;
    }
    throw new Refusal("lost");
  }

  opened() {
    return this.id ? undefined : (this.opening ??= this.openOne());
  }

  async openOne() {
    const { messages } = this;
    try {
      const { id } = await this.desk.open(this.language);
      if (this.messages !== messages) return; // another was begun meanwhile: nobody waits for this one
      this.memory.change({ id, read: null });
      this.isCaughtUp = true;
    } finally {
      if (this.messages === messages) this.opening = null;
    }
  }

  hear(message, name, data) {
    if (FROM_THE_BOT.includes(name)) this.live ??= { to: message, text: "", doing: "reading" };
    const live = this.live || {};
    if (name === "accepted") this.accepted(message, data.message_id);
    else if (name === "intent") live.doing = "searching";
    else if (name === "passages") live.doing = "writing";
    else if (name === "text") live.text += data.text;
    else if (name === "answer") Object.assign(live, { answer: data, text: data.text });
    else if (name === "handoff") this.handler = "waiting";
    else if (name === "ended") this.ended(message, data, live);
  }

  accepted(message, id) {
    const isNew = !message.id;
    message.id = id;
    message.sending = "";
    this.memory.arrived([message.clientId]);
    if (isNew) this.tell(message);
  }

  ended(message, data, live) {
    this.live = null;
    if (this.handler === "bot") this.handler = data.handler;
    message.lastEventId = null;
    message.broke = data.state === "failed" && !data.message_id; // nothing of the answer could be stored
    if (data.message_id) {
      const { answer, text = "" } = live;
      const told = { id: data.message_id, author: "bot", created_at: now(), state: data.state, reply_to: message.id, text, ...answer };
      if (takeIn(this.messages, told)) this.tell(told);
    }
    this.schedule(0);
  }

  // --- hearing something ---

  /** Looks for what the desk has besides: an operator's words, another tab's, and who answers. */
  async look() {
    clearTimeout(this.timer);
    const { id, messages } = this;
    if (!id) return this.isLost ? this.probe() : undefined;
    if (this.live) return this.schedule();
    try {
      const { handler, messages: said } = await this.desk.messages(id, this.cursor);
      if (this.id !== id || this.messages !== messages) return;
      if (!this.live) this.bring(handler, said);
      this.found();
    } catch (error) {
      if (!(error instanceof Refusal)) console.error("frontdesk:", error);
      else if (this.id === id && this.messages === messages) this.missed(error);
    } finally {
      this.schedule(); // whatever it was, the next look may find it mended
    }
  }

  bring(handler, said) {
    this.handler = handler;
    for (const told of said) {
      if (takeIn(this.messages, told) && this.isCaughtUp) this.tell(told);
    }
    this.isCaughtUp = true;
    if (said.length) this.cursor = said.at(-1).id;
    this.memory.arrived(this.messages.filter((message) => message.id).map((message) => message.clientId));
    this.changed();
  }

  missed(error) {
    if (error.kind !== "gone") this.lost();
    else if (this.cursor) this.cursor = null; // the message that we asked after was replaced: all is read anew
    else {
      this.forget();
      this.messages = this.messages.filter((message) => !message.id);
      this.problem = "gone";
      this.changed();
      for (const message of this.messages) if (message.sending === "sending") this.deliver(message); // it was on its way there
    }
  }

  async probe() {
    try {
      await this.desk.settings();
      this.found();
    } catch {
      this.lost();
    }
  }

  lost() {
    this.failures += 1;
    this.isLost = true;
    this.changed();
    this.schedule();
  }

  /** There is a connection. After a time without, what could not be sent is sent now. */
  found() {
    this.failures = 0;
    if (!this.isLost) return;
    this.isLost = false;
    this.changed();
    for (const message of this.messages) {
      if (message.sending !== "failed" || !isFresh(message) || message.resent >= MOST_RESENT) continue;
      message.resent = (message.resent || 0) + 1;
      this.deliver(message);
    }
  }

  schedule(milliseconds = rhythmOf(this, document.hidden)) {
    clearTimeout(this.timer);
    if (milliseconds !== null) this.timer = setTimeout(() => this.look(), milliseconds);
  }

  // --- the rest ---

  async fetchPerson() {
    const { messages } = this;
    await this.tried(async () => {
      await this.opened();
      if (this.messages !== messages) return;
      const { handler } = await this.desk.fetchPerson(this.id);
      if (this.messages !== messages) return;
      this.handler = handler;
      this.schedule(0);
    });
  }

  async rate(message, verdict, reason = "") {
    const before = message.feedback;
    message.feedback = verdict;
    // One after the other: the last thumb is the one that counts, also where two are on their way.
    this.rating = this.rating.catch(() => {}).then(() => this.tried(() => this.desk.rate(this.id, message.id, verdict, reason)));
    const done = await this.rating;
    if (!done) message.feedback = before;
    return done;
  }

  /** Does it; where that is refused, says so and gives false. */
  async tried(act) {
    this.problem = null;
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.kind === "lost") this.lost();
      else this.problem = error.kind;
      return false;
    } finally {
      this.changed();
    }
  }
}
