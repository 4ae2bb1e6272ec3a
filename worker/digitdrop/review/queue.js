"use strict";
// The queue: one picture at a time. Answers are sent one after the other, in the order in which
// they were given; the next picture is shown at once.

const at = (id) => document.getElementById(id);
const order = at("order").value;
const done = new Set(); // answered here, by id of the reading
const answered = []; // for undo, the last at the end
let items = [];
let index = 0;
let typed = "";
let sending = Promise.resolve();
let isLoading = false;

const address = (kind, item) => `/${kind}/${encodeURIComponent(item.id)}`;
const tell = (text) => { at("told").textContent = text; };

async function post(to, body) {
  const answer = await fetch(to, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  return { isDone: answer.ok, ...(await answer.json()) };
}

async function load() {
  if (isLoading) return;
  isLoading = true;
  try {
    const most = Math.min(200, items.length + 40);
    const answer = await fetch(`/api/queue?order=${order}&most=${most}`);
    if (!answer.ok) throw new Error(await answer.text());
    const found = await answer.json();
    const known = new Set(items.map((item) => item.id));
    items.push(...found.items.filter((item) => !known.has(item.id) && !done.has(item.id)));
    at("open-count").textContent = found.open.toLocaleString("en");
    if (at("card").hidden) show(); // else a number that is being typed would be lost
  } catch (error) {
    tell(`The page cannot be reached: ${error.message}`);
  } finally {
    isLoading = false;
  }
}

function show() {
  typed = "";
  at("typed").textContent = "\u00a0";
  const item = items[index];
  at("card").hidden = !item;
  at("empty").hidden = Boolean(item);
  if (!item) return;
  at("card").dataset.id = item.id;
  at("picture").src = address("pictures", item);
  at("frame").src = address("frames", item);
  at("name").textContent = item.name || item.id;
  at("name").href = item.address;
  const second = item.second ? `, or ${item.second}` : "";
  at("guess").textContent = item.prediction
    ? `${item.label}: perhaps ${item.prediction}${item.percent && ` (${item.percent} %)`}${second}` : item.label;
  at("reason").textContent = item.reason;
  for (const next of items.slice(index + 1, index + 4)) {
    new Image().src = address("pictures", next);
    new Image().src = address("frames", next);
  }
}

function move(by) {
  if (!items.length) return;
  index = (index + by + items.length) % items.length;
  show();
}

function take() {
  const [item] = items.splice(index, 1);
  if (index >= items.length) index = 0;
  show();
  if (items.length < 10) load();
  return item;
}

function answer(label) {
  if (!items[index]) return;
  const item = take();
  done.add(item.id);
  answered.push(item);
  sending = sending.then(async () => {
    try {
      const found = await post("/api/correct", { row: item.id, label, last: item.last });
      tell(`${item.name}: ${found.text}`);
      if (!found.isDone) answered.splice(answered.indexOf(item), 1);
      if (found.is_again) comesAgain(item);
    } catch (error) {
      tell(`${item.name} was not recorded, it comes again: ${error.message}`);
      answered.splice(answered.indexOf(item), 1);
      comesAgain(item);
    }
  });
}

function comesAgain(item) {
  done.delete(item.id);
  items.push(item);
  if (items.length === 1) show();
}

function undo() {
  const item = answered.pop();
  if (!item) return tell("There is nothing to undo.");
  sending = sending.then(async () => {
    try {
      const found = await post("/api/undo", { row: item.id });
      tell(`${item.name}: ${found.text}`);
      if (!found.isDone) return void answered.push(item);
      item.last = ""; // the next answer counts in any case
      done.delete(item.id);
      items.splice(index, 0, item);
      show();
    } catch (error) {
      answered.push(item);
      tell(`Not undone: ${error.message}`);
    }
  });
}

function press(key) {
  const item = items[index];
  if (/^[0-9]$/.test(key) && typed.length < 8) typed += key;
  else if (key === "Backspace") typed = typed.slice(0, -1);
  else if (key === "Escape") typed = "";
  else if (key === "Enter") {
    const label = typed || (item && item.prediction);
    if (label) return answer(label);
    if (item) tell("There is no guess: type a number, or n for no number.");
    return;
  } else if (key === "n") return answer("none");
  else if (key === "u") return undo();
  else if (key === "s") {
    if (item) { items.push(...items.splice(index, 1)); if (index === items.length - 1) index = 0; show(); }
    return;
  } else if (key === "ArrowRight" || key === "ArrowDown") return move(1);
  else if (key === "ArrowLeft" || key === "ArrowUp") return move(-1);
  else return;
  at("typed").textContent = typed || "\u00a0";
}

const KEYS = /^([0-9nsu]|Backspace|Escape|Enter|Arrow(Right|Left|Up|Down))$/;
document.addEventListener("keydown", (event) => {
  const isElsewhere = event.target.closest("select, input, a") || event.ctrlKey || event.altKey || event.metaKey;
  if (isElsewhere || !KEYS.test(event.key)) return;
  if (event.key === "Enter" && event.target.closest("button")) return; // the button's own
  event.preventDefault();
  press(event.key);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-key]");
  if (button) press(button.dataset.key);
});
let from = null;
at("picture").addEventListener("touchstart", (event) => { from = event.touches[0].clientX; }, { passive: true });
at("picture").addEventListener("touchend", (event) => {
  const way = event.changedTouches[0].clientX - from;
  if (Math.abs(way) > 50) move(way < 0 ? 1 : -1);
});
for (const id of ["picture", "frame"]) {
  at(id).addEventListener("error", () => { at(id).style.visibility = "hidden"; });
  at(id).addEventListener("load", () => { at(id).style.visibility = ""; });
}
at("order").addEventListener("change", (event) => event.target.form.submit());
setInterval(() => { if (!document.hidden && items.length < 10) load(); }, 2000);
load();
