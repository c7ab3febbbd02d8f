/* What the page remembers: the transcript and the queue in localStorage, files in IndexedDB. */

const KEY = "phone";
const MOST = 400;
const SEEN = 200;
const EMPTY = { messages: [], cursor: 0, newest: "", seen: [], started: false, language: "", spoken: "" };

export class Store {
  constructor() {
    this.files = new Shelf("files");
    this.pictures = new Shelf("pictures");
    this.state = this.read();
    for (const message of this.state.messages) {
      if (message.state === "sending") message.state = "waiting";
    }
  }

  read() {
    try {
      return { ...structured(EMPTY), ...JSON.parse(localStorage.getItem(KEY) || "{}") };
    } catch {
      return structured(EMPTY);
    }
  }

  save() {
    const { state } = this;
    while (state.messages.length > MOST) {
      const old = state.messages.findIndex((message) => message.in || ["sent", "failed"].includes(message.state));
      if (old < 0) break;
      const [gone] = state.messages.splice(old, 1);
      this.pictures.drop(gone.key);
      this.files.drop(gone.key);
    }
    state.seen = state.seen.slice(-SEEN);
    try {
      localStorage.setItem(KEY, JSON.stringify(state));
    } catch {
      /* No room, or a private window: the page goes on from memory. */
    }
  }

  /** Another tab of the same person wrote: take over what it knows. */
  watch(changed) {
    addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      this.state = this.read();
      changed();
    });
  }

  find(key) {
    return this.state.messages.find((message) => message.key === key);
  }

  /** A message from the stream; false when it was here already (also when it has been deleted since). */
  take(row, data) {
    const { state } = this;
    const key = `${row}@${data.at}`;
    if (state.seen.includes(key)) return null;
    state.seen.push(key);
    if (data.at >= state.newest) [state.newest, state.cursor] = [data.at, row];
    const message = { in: true, key, ...data };
    delete message.language;
    state.messages.push(message);
    this.save();
    return message;
  }

  /** Something of the person's own, to be sent. */
  put(message) {
    const made = { key: uuid(), at: new Date().toISOString(), state: "waiting", ...message };
    this.state.messages.push(made);
    this.save();
    return made;
  }

  /** Forget what was said; the cursor stays, so that it does not come back from the service. */
  async clear() {
    this.state.messages = [];
    this.save();
    await Promise.all([this.files.clear(), this.pictures.clear()]);
  }
}

/** Blobs by key; in memory alone where the browser keeps no database. */
class Shelf {
  constructor(name) {
    this.name = name;
    this.memory = new Map();
  }

  async get(key) {
    if (this.memory.has(key)) return this.memory.get(key);
    return (await this.ask("readonly", (shelf) => shelf.get(key))) || null;
  }

  /** Resolves to false when it is only in memory: it would be lost with the page. */
  async put(key, blob) {
    this.memory.set(key, blob);
    return (await this.ask("readwrite", (shelf) => shelf.put(blob, key))) !== undefined;
  }

  async drop(key) {
    this.memory.delete(key);
    await this.ask("readwrite", (shelf) => shelf.delete(key));
  }

  async clear() {
    this.memory.clear();
    await this.ask("readwrite", (shelf) => shelf.clear());
  }

  async ask(mode, act) {
    try {
      const base = await database();
      const asked = base.transaction(this.name, mode);
      const request = act(asked.objectStore(this.name));
      await done(asked, "oncomplete");
      return request.result === undefined ? null : request.result;
    } catch {
      return undefined;
    }
  }
}

let opened;

function database() {
  opened ||= new Promise((resolve, reject) => {
    const request = indexedDB.open(KEY, 1);
    request.onupgradeneeded = () => {
      for (const name of ["files", "pictures"]) request.result.createObjectStore(name);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  return opened;
}

function done(transaction, event) {
  return new Promise((resolve, reject) => {
    transaction[event] = resolve;
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** `crypto.randomUUID` is missing on plain http and on older phones. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function structured(value) {
  return JSON.parse(JSON.stringify(value));
}
