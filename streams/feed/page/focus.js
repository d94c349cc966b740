/* Keeps the focus while a part of the page is made anew: who reads by keyboard would else begin at the top again. */

/* Runs `make`, which replaces what is in the node. The focus then is where it was, else on what has the same name, else on
   the node. */
export function keepingFocus(node, make) {
  const held = node.contains(document.activeElement) ? document.activeElement : null;
  make();
  if (!held) return;
  const same = held.isConnected ? held : [...node.querySelectorAll(held.localName)].find((one) => nameOf(one) === nameOf(held));
  (same ?? node).focus({ preventScroll: true });
}

const nameOf = (one) => one.getAttribute("aria-label") ?? one.textContent;
