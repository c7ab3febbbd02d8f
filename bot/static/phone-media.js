/* Photos, voice, videos and files inside a bubble; a small copy of a photo is kept, so that seeing it again is free. */

const THUMB = 640;

/** A small JPEG of a photo; null for what this browser cannot draw. */
export async function thumbnail(file) {
  try {
    const picture = await drawable(file);
    const scale = Math.min(1, THUMB / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
  } catch {
    return null;
  }
}

function drawable(file) {
  return new Promise((resolve, reject) => {
    const picture = new Image();
    const address = URL.createObjectURL(file);
    picture.onload = () => {
      resolve(picture);
      setTimeout(() => URL.revokeObjectURL(address), 0);
    };
    picture.onerror = () => {
      URL.revokeObjectURL(address);
      reject(new Error("not drawable"));
    };
    picture.src = address;
  });
}

/** The media of a message as a node; null when it has none. `tools`: element, icon, words, store, digits, minutes. */
export function media(message, tools) {
  if (message.kind === "place" && !message.in) return place(tools);
  const shape = message.in ? message.file && message.kind : message.kind === "file" && message.shape;
  if (!shape) return null;
  return (SHOWN[shape] || paper)(message, tools);
}

const SHOWN = { photo, voice, video };

function address(message) {
  return message.file ? `/phone/files/${message.file}` : "";
}

/** From this phone when it is still here, else from the service. */
async function source(message, store) {
  const blob = (await store.files.get(message.key)) || (await store.pictures.get(message.key));
  return blob ? URL.createObjectURL(blob) : address(message);
}

function photo(message, { element, icon, words, store }) {
  const picture = element("img", { alt: words.photo, class: "picture" });
  const link = element("a", { class: "photo", target: "_blank", rel: "noopener", "aria-label": `${words.photo}: ${words.open}` }, picture);
  picture.addEventListener("error", () => picture.src && picture.replaceWith(icon("photo"), element("span", {}, words.photo)));
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const fresh = store.find(message.key) || message;
    const whole = (await store.files.get(message.key)) || (fresh.file ? null : await store.pictures.get(message.key));
    open(whole ? URL.createObjectURL(whole) : address(fresh), "_blank", "noopener");
  });
  link.href = address(message) || "#";
  showPicture(message, picture, store);
  return link;
}

async function showPicture(message, picture, store) {
  let blob = (await store.pictures.get(message.key)) || (await store.files.get(message.key));
  if (!blob && message.file) {
    const answer = await fetch(address(message)).catch(() => null);
    const whole = answer?.ok ? await answer.blob() : null;
    blob = whole && ((await thumbnail(whole)) || whole);
    if (blob) await store.pictures.put(message.key, blob);
  }
  picture.src = blob ? URL.createObjectURL(blob) : address(message);
}

function voice(message, { element, icon, words, store, digits, minutes }) {
  const sound = element("audio", { preload: "none" });
  const play = element("button", { class: "round small", type: "button", "aria-label": words.play }, icon("play"));
  const along = element("input", { type: "range", min: "0", max: "1000", value: "0", "aria-label": words.position });
  const time = element("time", {}, digits(minutes(message.seconds || 0)));
  const length = () => (Number.isFinite(sound.duration) && sound.duration > 0 ? sound.duration : message.seconds || 0);
  const show = () => {
    const total = length();
    along.value = total ? Math.min(1000, (sound.currentTime / total) * 1000) : 0;
    time.textContent = digits(minutes(sound.currentTime || total));
    play.replaceChildren(icon(sound.paused ? "play" : "pause"));
    play.setAttribute("aria-label", sound.paused ? words.play : words.pause);
  };
  play.addEventListener("click", async () => {
    sound.src ||= await source(store.find(message.key) || message, store);
    if (sound.paused) await sound.play().catch(() => {});
    else sound.pause();
    show();
  });
  along.addEventListener("input", () => {
    if (length()) sound.currentTime = (along.value / 1000) * length();
  });
  for (const event of ["timeupdate", "pause", "play", "ended", "durationchange"]) sound.addEventListener(event, show);
  sound.addEventListener("ended", () => {
    sound.currentTime = 0;
  });
  return element("div", { class: "voice", role: "group", "aria-label": words.voice }, play, along, time, sound);
}

function video(message, { element, words, store }) {
  const shown = element("video", { controls: true, preload: "none", playsinline: true, class: "picture", "aria-label": words.video });
  source(message, store).then((from) => {
    shown.src = from;
  });
  return shown;
}

function place({ element, icon, words }) {
  return element("div", { class: "paper" }, icon("place"), element("span", {}, words.your_location));
}

function paper(message, { element, icon, words }) {
  const name = message.name || words.file;
  const inside = [icon("file"), element("span", {}, name)];
  const href = address(message);
  if (!href) return element("div", { class: "paper" }, ...inside);
  return element("a", { class: "paper", href, download: true, "aria-label": `${words.open}: ${name}` }, ...inside);
}
