// The front desk over HTTP. No cookie is sent: the conversation's id is the only key to it.
// Knows nothing of what is shown.

const STALLED_AFTER = 25000; // milliseconds; the desk sends a sign of life every ten seconds

/** Why something did not work: "lost" (no connection), "busy", "gone", "closed" or "refused". */
class Refusal extends Error {
  constructor(kind) {
    super(`frontdesk: ${kind}`);
    this.kind = kind;
  }
}

const REFUSALS = { 404: "gone", 409: "closed", 502: "lost", 503: "busy", 504: "lost" };
const pause = (milliseconds) => new Promise((over) => setTimeout(over, milliseconds));

class Desk {
  constructor(address) {
    this.address = address;
  }

  settings = () => this.json("/api/v1/widget");
  open = (language) => this.json("/api/v1/conversations", { language, channel: "widget" });
  messages = (id, after) => this.json(`/api/v1/conversations/${id}/messages${after ? `?after=${encodeURIComponent(after)}` : ""}`);
  fetchPerson = (id) => this.json(`/api/v1/conversations/${id}/handoff`, {});
  rate = (id, message, verdict, reason) => this.json(`/api/v1/conversations/${id}/messages/${message}/feedback`, { verdict, reason });

  async json(path, body) {
    const response = await this.ask(path, body, { accept: "application/json" });
    try {
      return await response.json();
    } catch {
      throw new Refusal("lost");
    }
  }

  /** The events of a turn as [name, id, data]. Sent again with the same `clientId` it is the same message. */
  async *send(id, text, clientId, lastEventId) {
    const headers = { accept: "text/event-stream", ...(lastEventId ? { "last-event-id": lastEventId } : {}) };
    const response = await this.ask(`/api/v1/conversations/${id}/messages`, { text, client_message_id: clientId }, headers);
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for (;;) {
        const { value, done } = await soon(reader.read());
        if (done) return;
        const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          const event = eventIn(block);
          if (event) yield event;
        }
      }
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal("lost");
    } finally {
      reader.cancel().catch(() => {}); // it is over, or was lost; there is nothing more to be told
    }
  }

  async ask(path, body, headers) {
    const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const kind = body === undefined ? {} : { "content-type": "application/json" };
    let response;
    try {
      const options = { credentials: "omit", cache: "no-store", headers: { ...headers, ...kind }, ...sent };
      response = await soon(fetch(this.address + path, options));
    } catch {
      throw new Refusal("lost");
    }
    if (!response.ok) throw new Refusal(REFUSALS[response.status] || "refused");
    return response;
  }
}

/** What is promised, or a Refusal where nothing came for too long. */
function soon(promised) {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Refusal("lost")), STALLED_AFTER);
  });
  return Promise.race([promised, late]).finally(() => clearTimeout(timer));
}

/** [name, id, data] of a server-sent event's lines; null for a comment. */
function eventIn(block) {
  const fields = { data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = line.match(/^(\w+): ?(.*?)\r?$/) || [];
    if (name === "data") fields.data += value;
    else if (name) fields[name] = value;
  }
  return fields.event ? [fields.event, fields.id, JSON.parse(fields.data)] : null;
}
