// The list: ticks that stay while lines come and go, and its keys. Without it, ticks and buttons work as a form.
"use strict";

const several = document.getElementById("several");
const cases = document.getElementById("cases");
const ticked = new Map(); // reference: what the page saw when it was ticked

const boxes = () => [...document.querySelectorAll("#cases input[name=tick]")];
const codeOf = (box) => box.value.split(".")[0];

function countTicks() {
  const all = document.getElementById("tick-all");
  const count = document.getElementById("ticked");
  count.hidden = !ticked.size;
  count.querySelector("strong").textContent = digits(ticked.size);
  several.classList.toggle("several-idle", !ticked.size);
  all.checked = boxes().length > 0 && boxes().every((box) => box.checked);
}

function keep(box) {
  if (box.checked) ticked.set(codeOf(box), box.value);
  else ticked.delete(codeOf(box));
}

// A line that was renewed keeps its tick, and what was seen when it was ticked: who was faster is told afterwards.
function restore() {
  const here = new Set(boxes().map(codeOf));
  for (const code of [...ticked.keys()]) if (!here.has(code)) ticked.delete(code);
  for (const box of boxes()) {
    const seen = ticked.get(codeOf(box));
    if (seen === undefined) continue;
    box.value = seen;
    box.checked = true;
  }
  countTicks();
}

if (several && cases) {
  for (const part of several.querySelectorAll(".tick-all")) part.hidden = false;
  document.addEventListener("change", (event) => {
    if (event.target.id === "tick-all") {
      for (const box of boxes()) {
        box.checked = event.target.checked;
        keep(box);
      }
    } else if (event.target.name === "tick") {
      keep(event.target);
    } else return;
    countTicks();
  });
  addEventListener("pageshow", () => {
    boxes().forEach(keep);
    countTicks();
  });
  new MutationObserver(restore).observe(cases, { childList: true, subtree: true });
  countTicks();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input[type=checkbox]")) event.preventDefault(); // no button was meant
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, dialog")) return;
  if (event.key === "x") {
    const line = document.activeElement && document.activeElement.closest(".case");
    const box = line && line.querySelector("input[name=tick]");
    if (box) box.click();
  } else if (event.key === "s") {
    const chip = document.querySelector("#saved .chip");
    const summary = document.querySelector(".save summary");
    if (chip) chip.focus();
    else if (summary) summary.focus();
  }
});

// What was done is told once: loading the page again does not repeat it.
const address = new URL(location.href);
if (address.searchParams.has("did")) {
  address.searchParams.delete("did");
  address.searchParams.delete("left");
  history.replaceState(null, "", address);
}
