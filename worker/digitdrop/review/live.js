"use strict";
// Asks each second whether there are new rows, and shows them.

const at = (id) => document.getElementById(id);
let known = at("row-count").textContent;

async function look() {
  if (document.hidden) return;
  try {
    const state = await (await fetch("/api/live")).json();
    at("open-count").textContent = state.open.toLocaleString("en");
    at("holder").textContent = state.holder ? `The worker is running: ${state.holder}` : "No worker is running.";
    const count = state.rows.toLocaleString("en");
    if (count === known) return;
    at("newest").innerHTML = await (await fetch("/api/newest")).text();
    at("row-count").textContent = known = count;
  } catch (error) {
    at("holder").textContent = `The page cannot be reached: ${error.message}`;
  }
}
setInterval(look, 1000);
