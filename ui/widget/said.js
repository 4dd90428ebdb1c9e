// What was said, as a list: the customer's own messages, and what the desk tells of them and besides. Knows no desk.

const FRESH_SECONDS = 600; // so long after it was written, a message that got no answer is taken up again by itself

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const now = () => Date.now() / 1000;
const isFresh = (message) => now() - message.at < FRESH_SECONDS;

/** A message on its way: it has no id before the desk has stored it. `sending` is "", "sending" or "failed". */
const ownMessage = (text, clientId, at) => ({
  id: null, author: "customer", text, at, state: "complete", citations: [], choices: [], clientId, sending: "failed",
});

/** Takes a message of the desk in; one that is known is brought up to date. Whether it is new. */
function takeIn(messages, told) {
  const sameClient = (message) => told.client_message_id && message.clientId === told.client_message_id;
  const known = messages.find((message) => message.id === told.id || sameClient(message));
  const message = known || {};
  Object.assign(message, {
    id: told.id,
    author: told.author,
    text: told.text,
    at: told.created_at,
    state: told.state,
    outcome: told.outcome,
    citations: told.citations || [],
    choices: told.choices || [],
    replyTo: told.reply_to,
    clientId: told.client_message_id || message.clientId,
    feedback: told.feedback ?? message.feedback,
    sending: "",
  });
  if (known) return false;
  // An answer that failed is replaced by the next one; what is still on its way stands last.
  const before = messages.findIndex((each) => message.replyTo && each.replyTo === message.replyTo);
  if (before >= 0) messages.splice(before, 1);
  const waiting = messages.findIndex((each) => !each.id);
  messages.splice(waiting < 0 ? messages.length : waiting, 0, message);
  return true;
}

/** How many messages of others stand after the one with the id `read`. */
function countUnread(messages, read) {
  const place = messages.findIndex((message) => message.id && message.id === read);
  if (place < 0 && read) return 0;
  return messages.slice(place + 1).filter((message) => message.author !== "customer" && message.id).length;
}

/** The id of the last message, where somebody has now read up to it. Only forwards: another tab may have read on. */
function readUpTo(messages, read) {
  const last = messages.findLast((message) => message.id);
  const isKnown = !read || messages.some((message) => message.id === read);
  return last && last.id !== read && isKnown ? last.id : null;
}
