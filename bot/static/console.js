// Live pages, keys, drafts and photos for the officers' console. Without it, every page still works as forms and links.
"use strict";

const main = document.querySelector("main[data-version]");
const announcer = document.getElementById("announcer");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const isKhmer = document.documentElement.lang === "km";
const digits = (value) => (isKhmer ? String(value).replace(/\d/g, (one) => "០១២៣៤៥៦៧៨៩"[one]) : String(value));

// --- what arrives appears by itself ---

// A part with something typed or chosen in it, or being filled in now, is left as it is.
function inUse(part) {
  const controls = part.querySelectorAll("textarea, select, input:not([type=hidden], [type=checkbox])");
  return [...controls].some((one) => one === document.activeElement || changed(one));
}

function changed(one) {
  if (one.tagName === "SELECT") return [...one.options].some((option) => option.selected !== option.defaultSelected && option.value);
  return one.value !== one.defaultValue;
}

// Brings `old` to what `fresh` says and touches nothing that is equal, so that a playing voice plays on. Returns the
// number of parts that are new.
function renew(old, fresh) {
  if (old.isEqualNode(fresh) || inUse(old)) return 0;
  if (!("keyed" in old.dataset && "keyed" in fresh.dataset)) {
    old.replaceWith(document.importNode(fresh, true));
    return 0;
  }
  const wanted = new Set([...fresh.children].map((child) => child.id));
  for (const child of [...old.children]) if (!wanted.has(child.id)) child.remove();
  const known = new Map([...old.children].map((child) => [child.id, child]));
  let arrived = 0;
  let place = old.firstElementChild;
  for (const child of fresh.children) {
    const mine = known.get(child.id);
    if (!mine) {
      const made = document.importNode(child, true);
      old.insertBefore(made, place);
      if (!calm.matches) made.animate([{ opacity: 0.2 }, { opacity: 1 }], { duration: 1200 });
      arrived += 1;
      continue;
    }
    if (mine === place) place = place.nextElementSibling;
    else old.insertBefore(mine, place);
    arrived += renew(mine, child);
  }
  return arrived;
}

let looking = false;
let lookAgain = false;

async function look() {
  if (looking) {
    lookAgain = true;
    return;
  }
  looking = true;
  try {
    const answer = await fetch(main.dataset.address, { headers: { "X-Live": "1" }, cache: "no-store" });
    if (answer.status === 401) {
      keepDraft();
      location.assign(main.dataset.address);
      return;
    }
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    line(false); // the network is away; the stream tells when it is back
  } finally {
    looking = false;
    if (lookAgain) {
      lookAgain = false;
      look();
    }
  }
}

function show(page) {
  const fresh = page.querySelector("main[data-version]");
  if (!fresh) return;
  const held = document.activeElement && document.activeElement.id;
  let arrived = 0;
  for (const part of main.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector("#" + CSS.escape(part.id));
    if (other) arrived += renew(part, other);
  }
  if (held && document.activeElement === document.body) document.getElementById(held)?.focus({ preventScroll: true });
  if (fresh.dataset.version !== main.dataset.version) {
    announcer.textContent = arrived ? announcer.dataset.new : announcer.dataset.changed;
  }
  main.dataset.version = fresh.dataset.version;
}

function line(up) {
  const place = document.getElementById("line");
  place.textContent = up ? place.dataset.liveText : place.dataset.lostText;
  place.classList.toggle("line-lost", !up);
}

let stream = null;

function listen() {
  if (stream) stream.close();
  stream = new EventSource("/console/live");
  stream.addEventListener("open", () => line(true));
  stream.addEventListener("change", (event) => {
    if (event.data !== main.dataset.version) look();
  });
  stream.addEventListener("error", () => {
    line(false);
    if (stream.readyState === EventSource.CLOSED) {
      look(); // perhaps the session is over
      setTimeout(listen, 5000);
    }
  });
}

if (main && announcer) {
  // A hidden page holds no connection: a browser has only six for one server.
  const attend = () => {
    if (document.hidden) {
      if (stream) stream.close();
    } else {
      listen();
      look();
    }
  };
  listen();
  document.addEventListener("visibilitychange", attend);
  addEventListener("pageshow", (event) => event.persisted && attend());
  setInterval(() => document.hidden || look(), 60000); // the clocks go on
}

// --- keys ---

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
  const search = document.querySelector("[data-search]");
  if (event.key === "/" && search) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll(".case-link")];
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + (event.key === "j" ? 1 : -1)))];
    if (next) {
      next.focus();
      next.closest(".case").scrollIntoView({ block: "nearest" });
    }
  }
});

// --- the reply: kept through signing in again, counted, sent once ---

const reply = document.querySelector("form[data-reply]");
const draftName = reply && "draft " + reply.dataset.reply;

function keepDraft() {
  if (reply && reply.elements.text.value.trim()) sessionStorage.setItem(draftName, reply.elements.text.value);
}

if (reply) {
  const text = reply.elements.text;
  const file = reply.elements.file;
  const count = reply.querySelector("[data-count]");
  const limit = Number(text.dataset.limit);
  const recount = () => {
    const length = [...text.value.trim()].length;
    count.textContent = digits(length) + " / " + digits(limit);
    count.classList.toggle("count-over", length > limit);
  };
  const done = new URLSearchParams(location.search).get("done");
  if (done === "reply" || done === "partly") sessionStorage.removeItem(draftName);
  else if (!text.value) text.value = sessionStorage.getItem(draftName) || "";
  text.addEventListener("input", recount);
  recount();
  file.addEventListener("change", () => {
    const large = file.files.length > 0 && file.files[0].size > Number(file.dataset.most);
    file.setCustomValidity(large ? file.dataset.tooBig : "");
    if (large) file.reportValidity();
  });
  reply.addEventListener("submit", keepDraft);
}

if (new URLSearchParams(location.search).has("done")) history.replaceState(null, "", location.pathname + location.hash);

for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
    if ("signOut" in form.dataset) sessionStorage.clear();
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[type=submit]").removeAttribute("aria-disabled");
  }
});

// --- the status: some changes need a reason ---

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-moves]")) return;
  event.target.form.elements.reason.required = "reasoned" in event.target.selectedOptions[0].dataset;
});

// --- photos, large ---

const large = document.getElementById("large");
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.picture");
  if (link && large && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const photo = large.querySelector("img");
    photo.src = link.href;
    photo.alt = link.querySelector("img").alt;
    large.showModal();
  } else if (event.target === large) {
    large.close();
  }
});
