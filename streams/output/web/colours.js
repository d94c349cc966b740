/* Colours for canvases: what the names in the style sheet stand for, in the scheme that is shown. */

const resolved = new Map();
const probe = document.createElement("i");
probe.hidden = true;

/* The value of --name, or of --otherwise where there is no such colour. */
export function colour(name, otherwise = "ink") {
  if (!resolved.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name}, var(--${otherwise}))`;
    resolved.set(name, getComputedStyle(probe).color);
  }
  return resolved.get(name);
}

/* To be called when the scheme has changed. */
export const forgetColours = () => resolved.clear();
