// Tells the others that this complaint is open here, and whether an answer is being written. Without it nobody is told.
"use strict";

const PING = 15000;
const PAUSE = 20000; // so long without a key is no writing any more

let writing = false;
let resting = null;

function there() {
  return document.getElementById("presence");
}

function message(more) {
  const place = there();
  return new URLSearchParams({ csrf: place.dataset.csrf, writing: writing ? "yes" : "no", ...more });
}

async function ping() {
  if (document.hidden || !there()) return;
  try {
    const answer = await fetch(there().dataset.address, { method: "POST", headers: { "X-Live": "1" }, body: message() });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("presence");
    if (fresh && !fresh.isEqualNode(there())) there().replaceWith(document.importNode(fresh, true));
  } catch {
    // the network is away; the next one tells
  }
}

function say(now) {
  if (writing === now) return;
  writing = now;
  ping();
}

const box = document.querySelector("form[data-reply] textarea");
if (box) {
  box.addEventListener("input", () => {
    clearTimeout(resting);
    resting = setTimeout(() => say(false), PAUSE);
    say(box.value.trim() !== "");
  });
}

if (there()) {
  ping();
  setInterval(ping, PING);
  document.addEventListener("visibilitychange", ping);
  addEventListener("pageshow", (event) => event.persisted && ping());
  addEventListener("pagehide", () => navigator.sendBeacon(there().dataset.address, message({ left: "yes" })));
}
