// What this browser remembers between two pages: which conversation, what was read, and what is not yet sent.
// The conversation itself is always read from the desk.

class Memory {
  constructor(address) {
    this.key = `frontdesk:${address}`;
    this.kept = { id: null, read: null, unsent: [] };
    this.load();
  }

  load() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key)) || {};
      this.kept = {
        id: /^[\w-]{16,64}$/.test(kept.id) ? kept.id : null,
        read: typeof kept.read === "string" ? kept.read : null,
        unsent: Array.isArray(kept.unsent) ? kept.unsent.filter(isUnsent) : [],
      };
    } catch {
      // Storage is switched off: the conversation lasts as long as the page.
    }
  }

  change(changes) {
    Object.assign(this.kept, changes);
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // As above, or the site has filled its storage.
    }
  }

  /** The desk has the messages with these ids of ours: they need no sending. */
  arrived(clientIds) {
    const unsent = this.kept.unsent.filter((each) => !clientIds.includes(each.clientId));
    if (unsent.length < this.kept.unsent.length) this.change({ unsent });
  }

  /** Whether the window was open on the page before, in this tab. */
  get wasOpen() {
    try {
      return sessionStorage.getItem(this.key) === "open";
    } catch {
      return false;
    }
  }

  set wasOpen(isOpen) {
    try {
      sessionStorage.setItem(this.key, isOpen ? "open" : "closed");
    } catch {
      // As above.
    }
  }
}

const isUnsent = (each) => each && typeof each.text === "string" && typeof each.clientId === "string" && Number.isFinite(each.at);
