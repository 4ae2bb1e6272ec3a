"use strict";
// Chooses which rows are seen. Everything is in the page already; the address keeps the choice.
document.documentElement.classList.add("js");

addEventListener("DOMContentLoaded", () => {
  const STEP = 100; // rows at a time: thousands of pictures at once would make a phone slow
  const REFRESH = 10_000; // milliseconds
  const find = (selector) => document.querySelector(selector);
  const form = find("#filters");
  if (!form) {
    return;
  }
  const rows = Array.from(find("#rows").rows, (row) => ({ row, ...row.dataset, text: null }));
  const more = find("#more");
  let limit = STEP;
  let timer = 0;

  const textOf = (one) => {
    if (one.text === null) {
      const number = one.row.querySelector("b.digit")?.textContent ?? "";
      const [status, name] = [one.row.cells[4], one.row.cells[5]].map((cell) => cell.textContent);
      one.text = `${number} ${status} ${name}`.toLowerCase();
    }
    return one.text;
  };

  const chosen = () => {
    const values = new FormData(form);
    return {
      status: new Set(values.getAll("status")),
      digit: new Set(values.getAll("digit")),
      text: values.get("text").trim().toLowerCase(),
      day: values.get("day"),
      refresh: values.has("refresh"),
    };
  };

  const matches = (one, choice) =>
    (!choice.status.size || choice.status.has(one.status)) &&
    (!choice.digit.size || choice.digit.has(one.digit)) &&
    (!choice.day || choice.day === one.day) &&
    (!choice.text || textOf(one).includes(choice.text));

  const say = (found) => {
    const number = (count) => count.toLocaleString("en");
    const named = (count) => `${number(count)} ${count === 1 ? "row" : "rows"}`;
    find("#matches").textContent =
      found === rows.length
        ? `${named(found)}, newest first`
        : `${number(found)} of ${named(rows.length)}, newest first`;
    find("#none").hidden = found > 0;
    find("table.rows").hidden = found === 0;
    more.hidden = found <= limit;
    more.textContent = `Show ${number(Math.min(STEP, found - limit))} more`;
  };

  const show = () => {
    const choice = chosen();
    let found = 0;
    for (const one of rows) {
      const isMatch = matches(one, choice);
      found += isMatch;
      one.row.classList.toggle("shown", isMatch && found <= limit);
    }
    say(found);
    clearInterval(timer);
    if (choice.refresh) {
      timer = setInterval(() => document.hidden || location.reload(), REFRESH);
    }
  };

  const remember = () => {
    const choice = chosen();
    const kept = new URLSearchParams();
    for (const name of ["status", "digit"]) {
      if (choice[name].size) {
        kept.set(name, [...choice[name]].join(","));
      }
    }
    if (choice.text) {
      kept.set("text", choice.text);
    }
    if (choice.day) {
      kept.set("day", choice.day);
    }
    if (choice.refresh) {
      kept.set("refresh", "1");
    }
    history.replaceState(null, "", `#${kept}`);
  };

  const recall = () => {
    const kept = new URLSearchParams(location.hash.slice(1));
    for (const name of ["status", "digit", "refresh"]) {
      const values = (kept.get(name) ?? "").split(",");
      for (const box of form.querySelectorAll(`input[name="${name}"]`)) {
        box.checked = values.includes(box.value);
      }
    }
    form.elements.text.value = kept.get("text") ?? "";
    const day = kept.get("day") ?? "";
    form.elements.day.value = [...form.elements.day.options].some((one) => one.value === day) ? day : "";
  };

  const changed = () => {
    limit = STEP;
    remember();
    show();
  };

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(changed));
  find("#none button").addEventListener("click", () => form.reset());
  more.addEventListener("click", () => {
    const before = limit;
    limit += STEP;
    show();
    document.querySelectorAll("#rows .shown")[before]?.querySelector("a")?.focus(); // on where one was
  });
  addEventListener("hashchange", () => {
    if (location.hash.includes("=")) {
      recall(); // else the address names a heading
      show();
    }
  });
  recall();
  show();
});
