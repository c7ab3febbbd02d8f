/* Sends the queue, in order, one at a time, with the same id until the service has it. */

const PAUSES = [1, 2, 4, 8, 15, 30];
const SET_ASIDE = 4;
const PATIENCE = { event: 20_000, file: 300_000 };

/** `changed(message)` after every change; `status("" | "offline" | "away" | "no_cookies")`; `language()` of the words. */
export class Post {
  constructor({ store, changed, status, language }) {
    Object.assign(this, { store, changed, status, language });
    this.failures = 0;
    this.running = false;
    this.wake = () => {};
  }

  /** The connection is back, or the person asked: try at once. */
  hurry() {
    this.failures = 0;
    this.wake();
    this.run();
  }

  again(message) {
    Object.assign(message, { state: "waiting", words: "", tries: 0 });
    this.note(message);
    this.hurry();
  }

  async run() {
    if (this.running) return;
    this.running = true;
    try {
      for (let message = this.next(); message; message = this.next()) {
        const taken = await this.try(message);
        if (!taken) await this.pause();
      }
    } finally {
      this.running = false;
    }
  }

  /** The oldest; but one that the service could not take again and again lets the others go first. */
  next() {
    const waiting = this.store.state.messages.filter((message) => message.state === "waiting");
    return waiting.find((message) => (message.tries || 0) < SET_ASIDE) || waiting[0];
  }

  async try(message) {
    message.state = "sending";
    this.note(message);
    const { outcome, words, file } = await this.deliver(message);
    message = this.store.find(message.key) || message;
    if (outcome === "sent") {
      this.failures = 0;
      Object.assign(message, { state: "sent", ...(file && { file }) });
      await this.sent(message);
    } else if (outcome === "refused") {
      Object.assign(message, { state: "failed", words });
    } else {
      message.state = "waiting";
      if (outcome === "away") message.tries = (message.tries || 0) + 1;
    }
    this.status(outcome === "sent" || outcome === "refused" ? "" : outcome);
    this.note(message);
    return outcome === "sent" || outcome === "refused";
  }

  async sent(message) {
    if (message.kind === "file") {
      const blob = await this.store.files.get(message.key);
      if (blob && message.shape === "voice") await this.store.pictures.put(message.key, blob);
      await this.store.files.drop(message.key);
    }
    const { messages } = this.store.state;
    for (const earlier of messages.slice(0, Math.max(0, messages.indexOf(message)))) {
      if (earlier.state === "waiting" && earlier.tries >= SET_ASIDE) {
        earlier.state = "failed";
        this.note(earlier);
      }
    }
  }

  note(message) {
    this.store.save();
    this.changed(message);
  }

  async deliver(message) {
    try {
      const answer = await this.request(message);
      if (answer.ok) return { outcome: "sent", ...(answer.status === 201 && (await answer.json())) };
      if (answer.status === 401) {
        await this.fetch("/phone/hello", { method: "POST" }, PATIENCE.event);
        message.strangers = (message.strangers || 0) + 1;
        return { outcome: message.strangers > 1 ? "no_cookies" : "away" };
      }
      if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return { outcome: "away" };
      const said = await answer.json().catch(() => ({}));
      return { outcome: "refused", words: said.words || "" };
    } catch (error) {
      return error instanceof Lost ? { outcome: "refused", words: "" } : { outcome: "offline" };
    }
  }

  async request(message) {
    const lang = this.language();
    if (message.kind !== "file") {
      const body = JSON.stringify({ id: message.key, kind: message.kind, ...message.event });
      const headers = { "content-type": "application/json" };
      return this.fetch(`/phone/events?lang=${lang}`, { method: "POST", headers, body }, PATIENCE.event);
    }
    const body = await this.store.files.get(message.key);
    if (!body) throw new Lost();
    const asked = new URLSearchParams({ id: message.key, kind: message.shape, lang });
    const headers = { "content-type": "application/octet-stream" };
    return this.fetch(`/phone/files?${asked}`, { method: "POST", headers, body }, PATIENCE.file);
  }

  async fetch(address, options, patience) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      return await fetch(address, { ...options, signal: stop.signal, credentials: "same-origin", cache: "no-store" });
    } finally {
      clearTimeout(timer);
    }
  }

  async pause() {
    const seconds = PAUSES[Math.min(this.failures++, PAUSES.length - 1)];
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000 * (0.8 + Math.random() * 0.4));
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}

/** The file is not on this phone any more. */
class Lost extends Error {}
