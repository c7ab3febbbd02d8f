/* The phone page: puts the parts together. Parts never import one another; their addresses change with their content. */

const page = JSON.parse(document.getElementById("page").textContent);
const $ = (id) => document.getElementById(id);
const touch = matchMedia("(pointer: coarse)").matches;
const ANSWER_WITHIN = 12_000;

async function main() {
  const names = ["store", "post", "show", "choices", "voice", "media", "composer"];
  const parts = await Promise.all(names.map((name) => import(page.modules[`phone-${name}.js`])));
  const app = new App(Object.fromEntries(names.map((name, place) => [name, parts[place]])));
  await app.begin();
}

class App {
  constructor(parts) {
    Object.assign(this, parts, { limit: page.limit });
    this.kept = new parts.store.Store();
    this.language = this.kept.state.language || document.documentElement.lang;
    this.queue = new parts.post.Post({
      store: this.kept,
      changed: (message) => this.changed(message),
      status: (state) => this.connection({ post: state }),
      language: () => this.language,
    });
    this.line = { post: "", stream: true };
    this.stuck = true;
    this.expecting = 0;
  }

  get words() {
    return page.words[this.language];
  }

  async begin() {
    const asked = new URLSearchParams(location.search).get("lang");
    this.speak(asked && page.words[asked] ? asked : this.language);
    this.wire();
    this.hands = new this.composer.Composer(this);
    this.drawAll();
    if (!page.known) await fetch("/phone/hello", { method: "POST" }).catch(() => {});
    this.listen();
    if (!this.kept.state.started) {
      this.kept.state.started = true;
      this.send({ kind: "start", event: {} });
    }
    this.queue.run();
    document.documentElement.dataset.ready = "yes";
  }

  // --- hearing -------------------------------------------------------------------------------------------------

  listen() {
    this.source?.close();
    clearTimeout(this.retry);
    const source = new EventSource(`/phone/stream?after=${this.kept.state.cursor}`);
    this.source = source;
    source.onopen = () => {
      clearTimeout(this.lost);
      this.lost = 0;
      this.connection({ stream: true });
      this.queue.hurry();
    };
    source.onmessage = (event) => this.hear(Number(event.lastEventId), JSON.parse(event.data));
    source.onerror = () => {
      this.lost ||= setTimeout(() => this.connection({ stream: false }), 4000);
      if (source.readyState === EventSource.CLOSED) this.retry = setTimeout(() => this.listen(), 3000);
    };
  }

  hear(row, data) {
    const message = this.kept.take(row, data);
    if (!message) return;
    const { state } = this.kept;
    if (state.spoken && data.language !== state.spoken && page.words[data.language]) this.speak(data.language, true);
    state.spoken = data.language;
    this.kept.save();
    this.expecting = 0;
    this.heard = Date.now();
    this.draw(message);
    this.settle();
    this.arrived(!this.stuck);
  }

  // --- speaking ------------------------------------------------------------------------------------------------

  send(message) {
    const made = this.kept.put(message);
    this.stuck = true;
    this.draw(made);
    this.settle();
    this.queue.hurry();
    return made;
  }

  async pick(message, choice, words, event) {
    if (choice.ask === "location") return this.tellPlace(message, choice);
    if (choice.ask === "contact") return this.tellPhone(message, choice);
    this.picked(message, choice);
    this.send({ kind: "tap", text: words, event: { code: choice.code }, answers: message.key });
    const [, language] = choice.code.match(/^language:set=(km|en)$/) || [];
    if (language) this.speak(language, true);
    if (!touch || event.detail === 0) this.hands.focus();
  }

  picked(message, choice) {
    const found = this.kept.find(message.key) || message;
    found.picked = choice.code;
    this.kept.save();
  }

  async tellPlace(message, choice) {
    this.hint(this.words.locating);
    const place = await this.choices.whereAmI();
    this.hint(place ? "" : this.words.no_location);
    if (!place) return this.hands.focus();
    this.picked(message, choice);
    const text = `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
    this.send({ kind: "place", text, event: place, answers: message.key });
  }

  tellPhone(message, choice) {
    const { element, icon, ascii } = this.show;
    const item = this.item(message.key);
    item.querySelector(".ask")?.remove();
    const { form, field } = this.choices.phoneForm({
      element,
      icon,
      ascii,
      words: this.words,
      done: (phone) => {
        this.picked(message, choice);
        form.remove();
        this.send({ kind: "contact", text: phone, event: { phone }, answers: message.key });
      },
      cancel: () => {
        form.remove();
        this.hands.focus();
      },
    });
    item.append(form);
    this.scroll();
    field.focus();
  }

  // --- showing -------------------------------------------------------------------------------------------------

  item(key) {
    return $("log").querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  drawAll() {
    $("log").replaceChildren();
    for (const message of this.kept.state.messages) this.draw(message);
    this.settle();
    this.scroll();
  }

  draw(message) {
    if (message.kind === "start") return;
    const { words, language } = this;
    const tools = {
      ...this.show,
      words,
      store: this.kept,
      minutes: this.voice.minutes,
      digits: (text) => this.show.digits(text, language),
    };
    const item = this.show.bubble(message, { words, language, media: this.media.media(message, tools) });
    const old = this.item(message.key);
    if (old) old.replaceWith(item);
    else $("log").append(item);
    if (!message.in) this.state(item, message);
  }

  state(item, message) {
    this.show.status(item, message, { words: this.words, again: () => this.queue.again(this.kept.find(message.key)) });
  }

  /** The person's own message went a step further. */
  changed(message) {
    const item = this.item(message.key);
    if (item) this.state(item, message);
    if (message.state === "sent" && message.kind === "file" && item) this.draw(message);
    if (message.state === "sending") this.asked = Date.now();
    if (message.state === "sent" && !(this.heard >= this.asked)) this.expect();
    if (message.state === "failed" && message.answers) {
      const asked = this.kept.find(message.answers);
      if (asked) asked.picked = "";
    }
    if (["sent", "failed"].includes(message.state)) this.settle();
  }

  /** Choices are live under one message only; the others' are plain words; the empty page says how to go on. */
  settle() {
    const { messages } = this.kept.state;
    const live = this.choices.live(messages);
    for (const message of messages) {
      if (!message.in || !message.rows?.length) continue;
      const item = this.item(message.key);
      const look = message === live ? "live" : "past";
      if (!item || item.dataset.choices === look) continue;
      item.dataset.choices = look;
      item.querySelectorAll(".choices, .past, .ask").forEach((old) => old.remove());
      const tools = { ...this.show, pick: (...picked) => this.pick(message, ...picked) };
      const made = look === "live" ? this.choices.buttons(message, tools) : this.choices.past(message, tools);
      if (made && look === "live") item.append(made);
      else if (made) item.querySelector(".bubble .foot").before(made);
    }
    const shown = messages.some((message) => message.kind !== "start");
    $("empty").hidden = shown || !this.kept.state.cursor;
    this.typing();
    this.scroll();
  }

  expect() {
    this.expecting = Date.now() + ANSWER_WITHIN;
    setTimeout(() => this.typing(), 300);
    setTimeout(() => this.typing(), ANSWER_WITHIN + 100);
  }

  typing() {
    const on = Date.now() < this.expecting || (!this.kept.state.cursor && !this.line.post);
    if ($("typing").hidden === !on) return;
    $("typing").hidden = !on;
    this.scroll();
  }

  scroll() {
    if (this.stuck) $("scroll").scrollTop = $("scroll").scrollHeight;
  }

  arrived(unseen) {
    $("newer").hidden = !unseen;
    this.scroll();
  }

  hint(text) {
    $("hint").textContent = text;
    $("hint").hidden = !text;
    this.scroll();
  }

  connection(change) {
    Object.assign(this.line, change);
    if (change.stream && this.line.post === "offline") this.line.post = "";
    const lost = !navigator.onLine || !this.line.stream || this.line.post === "offline";
    const name = lost ? "offline" : this.line.post;
    if ($("state").dataset.name === name) return;
    $("state").dataset.name = name;
    $("state").textContent = name ? this.words[name] : "";
    $("state").hidden = !name;
    this.typing();
    this.scroll();
  }

  /** Change the page's own language, without loading it again. */
  speak(language, remember = false) {
    this.language = language;
    document.documentElement.lang = language;
    for (const [data, set] of [
      ["text", (node, words) => node.replaceChildren(words)],
      ["label", (node, words) => node.setAttribute("aria-label", words)],
      ["placeholder", (node, words) => node.setAttribute("placeholder", words)],
    ]) {
      for (const node of document.querySelectorAll(`[data-${data}]`)) set(node, this.words[node.dataset[data]]);
    }
    this.kept.state.language = language;
    if (!remember) return;
    this.kept.save();
    document.cookie = `language=${language}; path=/; max-age=31536000; samesite=lax`;
    this.drawAll();
  }

  wire() {
    const click = (id, act) => $(id).addEventListener("click", act);
    click("more", () => this.composer.toggle("menu", "more"));
    click("sos", () => this.send({ kind: "tap", text: this.words.sos, event: { code: "sos:start" } }));
    click("go-on", () => this.send({ kind: "tap", text: this.words.go_on, event: { code: "go:menu" } }));
    click("language", () => {
      this.composer.sheet("menu", "more", false);
      this.send({ kind: "tap", text: this.words.language, event: { code: "language:start" } });
    });
    click("delete", () => {
      this.composer.sheet("menu", "more", false);
      $("sure").showModal();
    });
    click("newer", () => {
      this.stuck = true;
      this.arrived(false);
    });
    $("sure").addEventListener("close", async () => {
      if ($("sure").returnValue === "yes") await this.kept.clear();
      $("sure").returnValue = "";
      this.drawAll();
      this.hands.focus();
    });
    const scroll = $("scroll");
    let before = 0;
    scroll.addEventListener("scroll", () => {
      const near = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
      if (near) this.stuck = true; // only going up lets go: a photo that grows below does not
      else if (scroll.scrollTop < before) this.stuck = false;
      before = scroll.scrollTop;
      if (this.stuck) $("newer").hidden = true;
    });
    if (globalThis.ResizeObserver) {
      const watch = new ResizeObserver(() => this.scroll());
      for (const node of [scroll, $("log")]) watch.observe(node);
    }
    this.wireConnection();
  }

  wireConnection() {
    this.kept.watch(() => this.drawAll());
    addEventListener("offline", () => this.connection({}));
    addEventListener("online", () => {
      this.connection({ stream: true, post: "" });
      this.listen();
      this.queue.hurry();
    });
    addEventListener("pageshow", (event) => event.persisted && this.listen());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || this.source?.readyState === EventSource.OPEN) return;
      this.listen();
      this.queue.hurry();
    });
  }
}

main();
