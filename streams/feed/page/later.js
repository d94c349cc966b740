/* What is done a little later, and once, however often it is asked for meanwhile. */

const timers = new Map();

export function later(name, act, milliseconds) {
  clearTimeout(timers.get(name));
  timers.set(name, setTimeout(act, milliseconds));
}
