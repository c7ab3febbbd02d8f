/* Shows messages: always as text nodes, phone numbers as links to call. */

const DIGITS = "០១២៣៤៥៦៧៨៩";
const NUMBER = /\+?[0-9០-៩][0-9០-៩ \u00a0().-]*[0-9០-៩]/g;
const LATIN = /[A-Za-z]/;

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  made.append(use);
  return made;
}

export function ascii(text) {
  return text.replace(/[០-៩]/g, (digit) => DIGITS.indexOf(digit));
}

export function digits(text, language) {
  return language === "km" ? String(text).replace(/[0-9]/g, (digit) => DIGITS[digit]) : String(text);
}

/** The text in pieces: `{text}` or `{text, call}`. `short`: also numbers of three digits, as on a line of numbers. */
export function pieces(text, short = false) {
  const found = [];
  let from = 0;
  for (const match of text.matchAll(NUMBER)) {
    const call = callable(match[0], short);
    if (!call || LATIN.test(text[match.index - 1] || "") || LATIN.test(text[match.index + match[0].length] || "")) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: match[0], call });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}

/** What to dial; empty for a date, an amount or a reference. Abroad only +855… or 0… can be meant in running text. */
function callable(written, short) {
  const plain = ascii(written).replace(/[^0-9+]/g, "");
  const length = plain.replace("+", "").length;
  if (length > 15 || /[.-]{2}/.test(written)) return "";
  if (plain.startsWith("+") ? length >= 8 : plain.startsWith("0") && length >= 8) return plain;
  return short && length >= 3 ? plain : "";
}

/** A line that begins with ☎: a button for each number, then what the numbers are for. */
function callLine(line, words) {
  const [, numbers, rest] = line.match(/^☎\s*([^:៖\p{L}]*)[:៖]?\s*(.*)$/su) || [];
  const calls = pieces(numbers || "", true).filter((piece) => piece.call);
  if (!calls.length) return null;
  const buttons = calls.map(({ text, call }) =>
    element("a", { class: "call", href: `tel:${call}`, "aria-label": `${words.call} ${text}` }, icon("call"), element("span", {}, text.trim())),
  );
  return element("div", { class: "calls" }, element("div", { class: "buttons" }, ...buttons), element("p", {}, ...linked(rest)));
}

const PLAIN = { "🆘": "SOS", "✅": "✓", "📩": "✉", "💬": "✉", "🔓": "•", "🧾": "•", "🔔": "•" };

/** Without the signs that a cheap phone, or a desktop, may have no picture for: an empty box says nothing. */
export function drawable(text) {
  return text.replace(/^(✅|📩|💬|🔓|🧾|🔔)|🆘/gmu, (sign) => PLAIN[sign]);
}

function linked(text) {
  return pieces(drawable(text)).map((piece) =>
    piece.call ? element("a", { class: "tel", href: `tel:${piece.call}` }, piece.text) : document.createTextNode(piece.text),
  );
}

/** The words of a message as nodes. */
export function prose(text, words) {
  const shown = [];
  let plain = [];
  const flush = () => {
    const joined = plain.join("\n").replace(/^\n+|\n+$/g, "");
    if (joined) shown.push(element("p", {}, ...linked(joined)));
    plain = [];
  };
  for (const line of text.split("\n")) {
    const calls = line.startsWith("☎") ? callLine(line, words) : null;
    if (!calls) plain.push(line);
    else {
      flush();
      shown.push(calls);
    }
  }
  flush();
  return shown;
}

/** 14:05 today, 3/12 14:05 before. */
export function moment(iso, language) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const clock = `${at.getHours()}:${String(at.getMinutes()).padStart(2, "0")}`;
  const today = at.toDateString() === new Date().toDateString();
  return digits(today ? clock : `${at.getDate()}/${at.getMonth() + 1} ${clock}`, language);
}

/** A message's list item; `body` are its media. Its state and choices are filled in by `status` and by the page. */
export function bubble(message, { words, language, media }) {
  const content = [];
  if (message.human) content.push(element("p", { class: "who" }, words.officer));
  else content.push(element("p", { class: "visually-hidden" }, message.in ? "ជំនួយ" : words.you));
  if (media) content.push(media);
  if (message.text) content.push(...prose(message.text, words));
  const time = element("time", { datetime: message.at }, moment(message.at, language));
  const foot = element("p", { class: "foot" }, time, element("span", { class: "mark-state" }));
  const box = element("div", { class: media ? "bubble with-media" : "bubble" }, ...content, foot);
  return element("li", { class: message.in ? "in" : "out", "data-key": message.key }, box);
}

const MARKS = { waiting: "◷", sending: "◷", sent: "✓", failed: "!" };

/** Whether the person's own message has arrived, with what to do when it has not. */
export function status(item, message, { words, again }) {
  const mark = item.querySelector(".mark-state");
  mark.replaceChildren(
    element("span", { "aria-hidden": "true" }, MARKS[message.state]),
    element("span", { class: "visually-hidden" }, words[message.state]),
  );
  item.dataset.state = message.state;
  item.querySelector(".problem")?.remove();
  if (message.state !== "failed") return;
  const retry = element("button", { type: "button", onclick: again }, words.again);
  item.append(element("p", { class: "problem", role: "alert" }, `${words.failed}. ${message.words || ""} `, retry));
}
