/* Events that have come since the page was opened and that the reader has not looked at: a toast, a count in the title,
   and, if the reader chose so, notifications of the browser. */

import { bdi, byId, clean, el, human, typeName, vesselName, vesselsOf } from "./web/words.js";
import { who } from "./web/event.js";

const CHOICE = "tankerwatch-notify";

export class Unread {
  /* `opened` gets the id of the event that the reader wants to see; `changed` is called after every change. */
  constructor(opened, changed) {
    Object.assign(this, { opened, changed, events: new Map(), node: byId("toast"), choice: byId("notify") });
    this.choice.checked = localStorage.getItem(CHOICE) === "true" && globalThis.Notification?.permission === "granted"; // browsers offer it only with TLS or on loopback
    this.choice.addEventListener("change", () => this.choose());
    this.node.addEventListener("click", (clicked) => {
      const act = clicked.target.closest("button")?.dataset.act;
      if (act === "show") this.opened([...this.events.keys()].at(-1));
      if (act === "read") this.clear();
    });
  }

  /* Asks the browser for leave to notify. Returns whether it has it. */
  async allowed() {
    return await globalThis.Notification?.requestPermission() === "granted";
  }

  async choose() {
    if (this.choice.checked && !await this.allowed()) this.choice.checked = false;
    localStorage.setItem(CHOICE, String(this.choice.checked));
  }

  has(id) {
    return this.events.has(id);
  }

  /* `notify`: whether a watch or a saved filter asks for a notification; `because`: its name, if the event is not in the list for
     another reason. */
  take(event, { notify = false, because = null } = {}) {
    this.events.set(event.id, event);
    this.because = because;
    if ((this.choice.checked || notify) && document.hidden && globalThis.Notification?.permission === "granted") {
      const shown = new Notification(`${human(event.level)}: ${typeName(event.type)}`, { body: clean(vesselsOf(event).map(vesselName).join(" and ")), tag: event.id });
      shown.addEventListener("click", () => { window.focus(); this.opened(event.id); });
    }
    this.show();
  }

  /* The reader has seen this event. */
  read(id) {
    if (this.events.delete(id)) this.show();
  }

  clear() {
    this.events.clear();
    this.show();
  }

  show() {
    const count = this.events.size, newest = [...this.events.values()].at(-1);
    document.title = count ? `(${count}) tankerwatch` : "tankerwatch";
    this.node.hidden = !count;
    if (count) {
      this.node.replaceChildren(el("span", { role: "status" }, el("b", {}, count === 1 ? "New: " : `${count} new, the latest: `), this.because && el("span", { class: "small" }, "(", bdi(this.because), ") "), `${human(newest.level)} ${typeName(newest.type).toLowerCase()}, `, who(newest)),
        el("button", { type: "button", "data-act": "show" }, "Show"), el("button", { type: "button", "data-act": "read", title: "Mark all as read" }, "Read"));
    }
    this.changed();
  }
}
