// How long until the desk is asked again whether there is something new. Knows nothing of what it tells.

const PROBES = [1000, 2000, 4000, 8000, 15000]; // milliseconds between looks while there is no connection

/** Milliseconds until the next look, or null for none: who watches reads a person's words within a second. */
function rhythmOf({ id, handler, isWatched, isLost, failures }, isHidden) {
  if (isLost) return PROBES[Math.min(failures, PROBES.length) - 1] ?? PROBES[0];
  if (!id || handler === "closed") return null;
  const withPerson = handler !== "bot";
  if (isHidden) return withPerson ? 10000 : null;
  if (withPerson) return isWatched ? 700 : 2500;
  return isWatched ? 5000 : 20000;
}
