/* Colours for canvases: the values of the style sheet's colour names, in the present scheme (light or dark). */

const resolved = new Map();
const probe = document.createElement("i");
probe.hidden = true;

/* The value of --name, or of --otherwise if there is no such colour. */
export function colour(name, otherwise = "ink") {
  if (!resolved.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.style.color = `var(--${name}, var(--${otherwise}))`;
    resolved.set(name, getComputedStyle(probe).color);
  }
  return resolved.get(name);
}

/* Call it when the scheme has changed. */
export const forgetColours = () => resolved.clear();
