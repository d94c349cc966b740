/* The stream of the feed. It starts at a position in the log. When it breaks, it reconnects from where it was, after
   pauses that grow. Its state is "connecting", "open", or "broken" with the time of the next attempt. */

const PAUSES = [1, 2, 4, 8, 15, 30]; // seconds
const SILENCE = 2.5; // heartbeats without a message after which the connection counts as dead

export class Stream {
  /* `handlers` has a function for each kind of message: revision(event), review, sources (also for hello and silences), reset, heartbeat; and state(name, next
     attempt), and failed() after an attempt without any answer. */
  constructor(heartbeat, handlers) {
    Object.assign(this, { heartbeat, handlers, position: null, source: null, failures: 0 });
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.source && this.broke());
  }

  /* Starts after this entry of the log. */
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

  /* Reconnects now, instead of after the pause. */
  retry() {
    if (!this.source && this.position !== null) this.connect();
  }

  connect() {
    this.close();
    this.handlers.state("connecting");
    const source = (this.source = new EventSource(`v1/events/stream?since=${encodeURIComponent(this.position)}`));
    let answered = false;
    const on = (kind, act) => source.addEventListener(kind, (message) => {
      if (source !== this.source) return;
      this.alive();
      act(message);
    });
    on("open", () => { answered = true; this.failures = 0; this.handlers.state("open"); });
    for (const kind of ["hello", "sources", "silences"]) on(kind, (message) => this.handlers.sources(JSON.parse(message.data)));
    on("revision", (message) => { this.position = message.lastEventId; this.handlers.revision(JSON.parse(message.data)); });
    on("review", (message) => this.handlers.review(JSON.parse(message.data)));
    on("fences", () => this.handlers.fences());
    on("heartbeat", (message) => this.handlers.heartbeat(JSON.parse(message.data)));
    on("reset", () => this.handlers.reset());
    on("goodbye", () => this.broke());
    source.onerror = () => {
      if (source !== this.source) return;
      this.broke();
      if (!answered) this.handlers.failed();
    };
    this.alive();
  }

  alive() {
    clearTimeout(this.watch);
    this.watch = setTimeout(() => this.broke(), this.heartbeat * SILENCE * 1000);
  }

  broke() {
    this.close();
    const pause = PAUSES[Math.min(this.failures++, PAUSES.length - 1)] * (0.8 + 0.4 * Math.random()) * 1000;
    this.timer = setTimeout(() => this.connect(), pause);
    this.handlers.state("broken", Date.now() + pause);
  }
}
