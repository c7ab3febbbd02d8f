/* Where the person writes, attaches and speaks. */

const $ = (id) => document.getElementById(id);
const touch = matchMedia("(pointer: coarse)").matches;
const SHAPES = { image: "photo", video: "video", audio: "voice" };

export class Composer {
  /** `app`: words, hint(text), send(message), kept, show, voice, media, limit, language. */
  constructor(app) {
    this.app = app;
    this.recording = null;
    this.wire();
    if (!touch) this.focus();
  }

  focus() {
    $("words").focus();
  }

  type() {
    const field = $("words");
    const text = field.value.trim();
    if (!text) return;
    this.app.send({ kind: "text", text, event: { text } });
    field.value = "";
    this.grow();
    field.focus();
  }

  grow() {
    const field = $("words");
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight + 2}px`;
    const empty = !field.value.trim();
    $("send").hidden = empty;
    $("speak").hidden = !empty;
  }

  // --- files ---------------------------------------------------------------------------------------------------

  async attach(input) {
    const files = [...input.files];
    input.value = "";
    sheet("attachments", "attach", false);
    this.focus();
    for (const file of files) {
      const shape = SHAPES[file.type.split("/")[0]] || (input.dataset.kind === "voice" ? "voice" : "file");
      await this.send(file, shape, shape === "file" ? { name: file.name } : {});
    }
  }

  async send(blob, shape, more = {}) {
    const { app } = this;
    if (blob.size > app.limit) return app.hint(app.words.too_big);
    app.hint("");
    const key = app.store.uuid();
    await app.kept.files.put(key, blob);
    const small = shape === "photo" ? await app.media.thumbnail(blob) : null;
    if (small) await app.kept.pictures.put(key, small);
    app.send({ key, kind: "file", shape, ...more });
  }

  // --- voice ---------------------------------------------------------------------------------------------------

  async record() {
    const { app } = this;
    app.hint("");
    sheet("attachments", "attach", false);
    if (!app.voice.canRecord()) return this.noMicrophone();
    try {
      this.recording = await app.voice.Recording.start((seconds) => this.elapsed(seconds));
    } catch {
      return this.noMicrophone();
    }
    this.elapsed(0);
    this.recorder(true);
    $("speak-send").focus();
  }

  noMicrophone() {
    this.app.hint(this.app.words.no_microphone);
    sheet("attachments", "attach", true);
    $("sound").focus();
  }

  elapsed(seconds) {
    $("elapsed").textContent = this.app.show.digits(this.app.voice.minutes(seconds), this.app.language);
  }

  recorder(on) {
    $("recorder").hidden = !on;
    $("composer").hidden = on;
  }

  async finish(send) {
    const recording = this.recording;
    this.recording = null;
    if (!recording) return;
    const made = send ? await recording.finish() : await recording.cancel();
    this.recorder(false);
    this.focus();
    if (made) await this.send(made.blob, "voice", { seconds: made.seconds });
    else if (send) this.app.hint(this.app.words.nothing_recorded);
  }

  // --- hands ---------------------------------------------------------------------------------------------------

  wire() {
    const click = (id, act) => $(id).addEventListener("click", act);
    click("attach", () => toggle("attachments", "attach"));
    click("speak", () => this.record());
    click("speak-cancel", () => this.finish(false));
    click("speak-send", () => this.finish(true));
    for (const input of document.querySelectorAll("#attachments input")) {
      input.addEventListener("change", () => this.attach(input));
    }
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.type();
    });
    $("words").addEventListener("input", () => this.grow());
    $("words").addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
      event.preventDefault();
      this.type();
    });
    addEventListener("keydown", (event) => event.key === "Escape" && this.escape());
    addEventListener("pointerdown", (event) => {
      if (!event.target.closest("#menu, #more")) sheet("menu", "more", false);
      if (!event.target.closest("#attachments, #attach, #speak")) sheet("attachments", "attach", false);
    });
  }

  escape() {
    for (const [id, by] of [["menu", "more"], ["attachments", "attach"]]) {
      if ($(id).hidden) continue;
      sheet(id, by, false);
      $(by).focus();
    }
    if (this.recording) this.finish(false);
  }
}

export function sheet(id, by, open) {
  $(id).hidden = !open;
  $(by).setAttribute("aria-expanded", String(open));
}

export function toggle(id, by) {
  sheet(id, by, $(id).hidden);
  if (!$(id).hidden) $(id).querySelector("button, input").focus();
}
