/* The stream of the feed: opened from a position in the log, and again from where it broke off, with pauses that
   grow. Says how it stands: "connecting", "open", or "broken" with the time of the next attempt. */

const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds
const DEAF = 2.5; // heartbeats missed after which a connection counts as dead

export class Stream {
  /* `told` has a function for each kind: revision(event), review, reset, heartbeat, state(name, next attempt),
     failed() after an attempt that was never answered. */
  constructor(heartbeat, told) {
    Object.assign(this, { heartbeat, told, position: null, source: null, failures: 0 });
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.source && this.broke());
  }

  /* From this entry of the log on. */
  open(position) {
    this.close();
    this.position = position;
    this.connect();
  }

  close() {
    clearTimeout(this.timer);
    clearTimeout(this.watch);
    this.source?.close();
    this.source = null;
  }

  /* Now, instead of after the pause. */
  retry() {
    if (!this.source && this.position !== null) this.connect();
  }

  connect() {
    this.close();
    this.told.state("connecting");
    const source = (this.source = new EventSource(`v1/events/stream?since=${encodeURIComponent(this.position)}`));
    let answered = false;
    const on = (kind, act) => source.addEventListener(kind, (message) => {
      if (source !== this.source) return;
      this.alive();
      act(message);
    });
    on("open", () => { answered = true; this.failures = 0; this.told.state("open"); });
    on("revision", (message) => { this.position = message.lastEventId; this.told.revision(JSON.parse(message.data)); });
    on("review", (message) => this.told.review(JSON.parse(message.data)));
    on("heartbeat", (message) => this.told.heartbeat(JSON.parse(message.data)));
    on("reset", () => this.told.reset());
    on("goodbye", () => this.broke());
    source.onerror = () => {
      if (source !== this.source) return;
      this.broke();
      if (!answered) this.told.failed();
    };
    this.alive();
  }

  alive() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.broke(), this.heartbeat * DEAF * 1000);
  }

  broke() {
    this.close();
    const pause = PAUSES[Math.min(this.failures++, PAUSES.length - 1)] * (0.8 + 0.4 * Math.random()) * 1000;
    this.timer = setTimeout(() => this.connect(), pause);
    this.told.state("broken", Date.now() + pause);
  }
}
