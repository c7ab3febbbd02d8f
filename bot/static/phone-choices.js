/* The choices under a message: buttons while they count, plain words afterwards; and what some of them ask for. */

const SIGNS = { location: "place", contact: "call" };

/** The newest choices; none once one was picked, or once the person wrote and was answered. */
export function live(messages) {
  let answered = false;
  for (const message of [...messages].reverse()) {
    if (message.in && message.rows?.length) {
      const later = messages.slice(messages.indexOf(message) + 1);
      const wrote = later.findIndex((one) => !one.in && one.state === "sent");
      answered = wrote >= 0 && later.slice(wrote).some((one) => one.in);
      return answered || message.picked ? null : message;
    }
  }
  return null;
}

/** "១ ខ្មែរ" as its number and its words. */
export function parts(label) {
  const [, number = "", words = label] = label.match(/^([0-9០-៩]{1,2}) (.+)$/s) || [];
  return { number, words };
}

/** Buttons, in the rows they came in. */
export function buttons(message, { element, icon, pick }) {
  const rows = message.rows.map((row) =>
    element("div", { class: "row" }, ...row.map((choice) => button(choice, { element, icon, pick }))),
  );
  return element("div", { class: "choices", role: "group" }, ...rows);
}

function button(choice, { element, icon, pick }) {
  const { number, words } = parts(choice.label);
  const sign = words.startsWith("🆘") ? "sos" : SIGNS[choice.ask];
  const look = choice.code.startsWith("go:") ? " quiet" : choice.code.startsWith("sos:start") ? " danger" : "";
  return element(
    "button",
    { type: "button", class: `choice${look}`, "data-code": choice.code, onclick: (event) => pick(choice, words, event) },
    number ? element("span", { class: "number" }, number) : null,
    number ? " " : null,
    sign ? icon(sign) : null,
    element("span", { class: "label" }, words.replace(/^🆘\s*/u, "")),
  );
}

/** What the choices were, to read only. */
export function past(message, { element }) {
  const labels = message.rows.flat().filter((choice) => !choice.code.startsWith("go:"));
  if (!labels.length) return null;
  return element("p", { class: "past" }, labels.map((choice) => choice.label.replace(/🆘\s*/u, "")).join(" · "));
}

/** Resolves to `{latitude, longitude}`; null when the phone does not tell. */
export function whereAmI() {
  return new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude }),
      () => resolve(null),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}

/** A small form for a phone number; `done(phone)` is called once, or never. */
export function phoneForm({ element, icon, ascii, words, done, cancel }) {
  const field = element("input", {
    type: "tel",
    inputmode: "tel",
    autocomplete: "tel",
    maxlength: "30",
    placeholder: "+855 12 345 678",
    "aria-label": words.phone_ask,
  });
  const problem = element("p", { class: "problem", role: "alert" });
  const form = element(
    "form",
    { class: "ask" },
    element("p", {}, words.phone_ask),
    field,
    problem,
    element(
      "div",
      { class: "row" },
      element("button", { class: "choice quiet", type: "button", onclick: cancel }, words.cancel),
      element("button", { class: "choice", type: "submit" }, icon("call"), element("span", { class: "label" }, words.send)),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const phone = field.value.trim();
    const length = ascii(phone).replace(/[^0-9]/g, "").length;
    if (length < 6 || length > 15) {
      problem.textContent = words.phone_wrong;
      field.focus();
    } else {
      done(phone);
    }
  });
  return { form, field };
}
