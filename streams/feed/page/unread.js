/* Events that have come since the page was opened and that the reader has not looked at: a toast, a count in the title,
   and, if the reader chose so, notifications of the browser. */

import { bdi, byId, clean, el, human, typeName, vesselName, vesselsOf } from "./web/words.js";
import { who } from "./web/event.js";

const CHOICE = "tankerwatch-notify";
const TOGETHER = 5000; // milliseconds in which events share one notification

export class Unread {
  /* `opened` gets the id of the event that the reader wants to see; `changed` is called after every change. */
  constructor(opened, changed) {
    Object.assign(this, { opened, changed, events: new Map(), node: byId("toast"), choice: byId("notify"), notified: { time: -Infinity } });
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
    this.events.delete(event.id); // so that it is the latest
    this.events.set(event.id, { event, because });
    if ((this.choice.checked || notify) && document.hidden && globalThis.Notification?.permission === "granted") this.notify(event);
    this.show();
  }

  /* Notifies of an event. One that comes soon after another takes the place of its notification, and says how many they are. */
  notify(event) {
    const now = performance.now();
    if (now - this.notified.time > TOGETHER) this.notified = { time: now, tag: event.id, count: 0 };
    const { tag, count } = this.notified, what = `${human(event.level)}: ${typeName(event.type)}`;
    this.notified.count = count + 1;
    const shown = new Notification(count ? `${count + 1} new events, the latest ${what}` : what, { body: clean(vesselsOf(event).map(vesselName).join(" and ")), tag });
    shown.addEventListener("click", () => { window.focus(); this.opened(event.id); });
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
    const count = this.events.size, { event: newest, because } = [...this.events.values()].at(-1) ?? {};
    document.title = count ? `(${count}) tankerwatch` : "tankerwatch";
    this.node.hidden = !count;
    if (count) {
      this.node.replaceChildren(el("span", { role: "status" }, el("b", {}, count === 1 ? "New: " : `${count} new, the latest: `), because && el("span", { class: "small" }, "(", bdi(because), ") "), `${human(newest.level)} ${typeName(newest.type).toLowerCase()}, `, who(newest)),
        el("button", { type: "button", "data-act": "show" }, "Show"), el("button", { type: "button", "data-act": "read", title: "Mark all as read" }, "Read"));
    }
    this.changed();
  }
}
