// Keys, ready answers and drafts of one complaint's page. Without it the page still works as forms and links.
"use strict";

// --- keys: an element with data-key is pressed, followed or written into ---

const help = document.getElementById("keys");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, dialog, audio, video")) return;
  if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
    return;
  }
  const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key);
  if (!wanted) return;
  event.preventDefault();
  if (wanted.matches("textarea")) {
    wanted.focus();
    wanted.scrollIntoView({ block: "center" });
  } else {
    wanted.click();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
  else if (event.target === help) help.close();
});

// --- a ready answer goes into the reply, after what is there ---

const written = document.querySelector("form[data-reply] textarea");
const ready = document.querySelector("[data-ready]");

if (written && ready) {
  ready.form.querySelector("button").hidden = true;
  ready.addEventListener("change", () => {
    const text = ready.selectedOptions[0].dataset.text;
    if (!text) return;
    written.value = written.value.trim() ? written.value.trimEnd() + "\n\n" + text : text;
    written.dispatchEvent(new Event("input", { bubbles: true }));
    written.focus();
    ready.selectedIndex = 0;
  });
}

// --- what this reply was written after: the newest line that was there when its writing began ---

if (written) {
  written.addEventListener("beforeinput", () => {
    if (written.value.trim()) return;
    const newest = document.querySelector("#thread > li:last-child");
    if (newest) written.form.elements.seen.value = newest.id.replace("entry-", "");
  });
}

// --- half a reply and half a note stay when another form of the page is sent ---

const drafts = [...document.querySelectorAll("textarea[data-keep]")];
const told = document.querySelector(".notice") && performance.getEntriesByType("navigation")[0]?.name.match(/[?&]done=(\w+)/);

for (const draft of drafts) {
  if (told && told[1] === "note") sessionStorage.removeItem(draft.dataset.keep);
  else if (!draft.value) draft.value = sessionStorage.getItem(draft.dataset.keep) || "";
}

addEventListener("pagehide", () => {
  if (document.querySelector("form[data-sign-out][data-sent]")) return; // signed out: nothing stays in this browser
  if (typeof keepDraft === "function") keepDraft();
  for (const draft of drafts) {
    if (draft.value.trim()) sessionStorage.setItem(draft.dataset.keep, draft.value);
    else sessionStorage.removeItem(draft.dataset.keep);
  }
});
