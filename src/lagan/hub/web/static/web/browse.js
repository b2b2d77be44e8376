// The browser's tree: folders open in place, ticks of folders and what is in them go together, actions ask in a dialog.
// Keys as the treegrid pattern of WAI-ARIA says: arrows, Home, End, Space ticks, Enter opens.
import { closeDialog, showDialog } from "./dialog.js";
import { showTimes } from "./times.js";

const OPEN = "lagan.browse.open"; // key in the session's storage
const MOST_OPEN = 40; // folders that are opened again

const form = document.getElementById("browse");
const table = document.getElementById("tree");
const body = table?.tBodies[0];
const hidden = document.getElementById("hidden");
const said = document.getElementById("picked");

const level = (row) => Number(row.getAttribute("aria-level"));
const tick = (row) => row.querySelector("input[name=pick]");
const rows = () => [...body.rows];
const key = (row) => `${row.dataset.site}\n${row.dataset.path}`;

function children(row, all = false) {
  const found = [];
  for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling)
    if (all || level(next) === level(row) + 1) found.push(next);
  return found;
}

function parent(row) {
  let above = row.previousElementSibling;
  while (above && level(above) >= level(row)) above = above.previousElementSibling;
  return above;
}

function focus(row) {
  for (const other of body.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
  row.tabIndex = 0;
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

// Ask for a page of a folder and put its rows after `row`, or in place of `row` when it is "Show more".
async function fill(row, after = "") {
  const place = after ? row : row;
  const depth = after ? level(row) : level(row) + 1;
  const path = after ? row.dataset.parent : row.dataset.path;
  const asked = new URLSearchParams({ site: row.dataset.site, path, level: depth, after, hidden: hidden?.checked ? "1" : "" });
  row.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`/browse/folder/?${asked}`);
    if (answer.status === 401) return location.reload();
    if (!answer.ok || !place.isConnected) return;
    place.insertAdjacentHTML("afterend", await answer.text());
  } catch {
    return; // the hub cannot be reached: the folder stays closed and can be opened again
  } finally {
    row.removeAttribute("aria-busy");
  }
  const above = after ? parent(row) : row;
  for (const each of children(above)) ready(each);
  if (above && tick(above)?.checked) for (const each of children(above)) if (tick(each)) tick(each).checked = true;
  return true;
}

function ready(row) {
  showTimes(row);
  for (const each of row.querySelectorAll("a, input")) each.tabIndex = -1;
}

async function open(row) {
  if (row.getAttribute("aria-expanded") !== "false" || row.hasAttribute("aria-busy")) return;
  const refused = children(row).some((each) => each.classList.contains("refused"));
  if (refused) for (const each of children(row, true)) each.remove();
  if (!children(row).length && !(await fill(row))) return;
  row.setAttribute("aria-expanded", "true");
  show();
  remember();
}

function close(row) {
  if (row.getAttribute("aria-expanded") !== "true") return;
  row.setAttribute("aria-expanded", "false");
  show();
  remember();
}

const toggle = (row) => (row.getAttribute("aria-expanded") === "true" ? close(row) : open(row));

// Rows beneath a closed folder are not shown.
function show() {
  let shut = Infinity;
  for (const row of rows()) {
    if (level(row) <= shut) shut = Infinity;
    row.hidden = level(row) > shut;
    if (!row.hidden && row.getAttribute("aria-expanded") === "false") shut = level(row);
  }
}

async function more(row) {
  const before = row.previousElementSibling;
  if (!(await fill(row, row.dataset.after))) return;
  row.remove();
  focus(before.nextElementSibling ?? before);
  count();
}

// What is ticked goes down to all that is shown beneath, and up as ticked, partly ticked or not.
function ticked(row) {
  const box = tick(row);
  for (const each of children(row, true)) if (tick(each)) Object.assign(tick(each), { checked: box.checked, indeterminate: false });
  for (let above = parent(row); above; above = parent(above)) settle(above);
  count();
}

function settle(row) {
  const box = tick(row);
  if (!box) return;
  const boxes = children(row).map(tick).filter(Boolean);
  const some = boxes.some((each) => each.checked || each.indeterminate);
  // A page that has "Show more" is never whole: what is not shown was not ticked.
  const whole = boxes.length && boxes.every((each) => each.checked) && box.checked;
  box.checked = Boolean(whole);
  box.indeterminate = some && !whole;
}

// The outermost ticked rows: a ticked folder stands for all beneath.
function picked() {
  const found = [];
  for (let row = body.rows[0]; row; row = row.nextElementSibling) {
    if (!tick(row)?.checked) continue;
    found.push(row);
    const depth = level(row);
    while (row.nextElementSibling && level(row.nextElementSibling) > depth) row = row.nextElementSibling;
  }
  return found;
}

function count() {
  const found = picked();
  const sites = new Set(found.map((row) => row.dataset.site));
  const { none, several, one } = said.dataset;
  said.textContent = !found.length ? none : sites.size > 1 ? several : `${one} ${[...sites][0]}: ${found.length}`;
  for (const row of rows()) row.setAttribute("aria-selected", String(Boolean(tick(row)?.checked)));
  form.dataset.state = !found.length ? "none" : sites.size > 1 ? "several" : "one";
  return { found, sites };
}

function remember() {
  const opened = rows().filter((row) => row.getAttribute("aria-expanded") === "true");
  sessionStorage.setItem(OPEN, JSON.stringify(opened.slice(0, MOST_OPEN).map(key)));
}

async function restore() {
  let before = [];
  try {
    before = JSON.parse(sessionStorage.getItem(OPEN) ?? "[]");
  } catch {
    sessionStorage.removeItem(OPEN);
  }
  for (const each of before) {
    const row = rows().find((one) => key(one) === each);
    if (row) await open(row);
  }
}

const steps = {
  ArrowDown: (row, shown) => shown[shown.indexOf(row) + 1],
  ArrowUp: (row, shown) => shown[shown.indexOf(row) - 1],
  Home: (_row, shown) => shown[0],
  End: (_row, shown) => shown.at(-1),
  ArrowRight: (row) => (row.getAttribute("aria-expanded") === "false" ? open(row) && null : children(row)[0]),
  ArrowLeft: (row) => (row.getAttribute("aria-expanded") === "true" ? close(row) : parent(row)),
  Enter: (row) => (row.classList.contains("more") ? more(row) && null : toggle(row) && null),
  " ": (row) => tick(row)?.click(),
};

function press(event) {
  const row = event.target.closest("tr[aria-level]");
  if (!row || !steps[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target !== row && event.target.matches("input") && event.key === " ") return;
  event.preventDefault();
  const to = steps[event.key](row, rows().filter((each) => !each.hidden));
  if (to instanceof HTMLElement) focus(to);
}

function click(event) {
  const row = event.target.closest("tr[aria-level]");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.matches("input")) return;
  const link = event.target.closest("a");
  if (link) event.preventDefault();
  focus(row);
  if (row.classList.contains("more")) more(row);
  else if (link || event.target.closest(".twist")) toggle(row);
}

// Open folders again as they are now, with hidden names or without.
async function reload() {
  const opened = JSON.parse(sessionStorage.getItem(OPEN) ?? "[]");
  for (const row of rows()) {
    if (level(row) > 1) row.remove();
    else row.setAttribute("aria-expanded", "false");
  }
  sessionStorage.setItem(OPEN, JSON.stringify(opened));
  await restore();
  count();
}

// The dialog asks before anything runs; what is posted is one list, however much was picked.
async function ask(event) {
  event.preventDefault();
  const { found, sites } = count();
  const data = new FormData();
  for (const name of ["csrfmiddlewaretoken"]) data.set(name, form.elements[name].value);
  data.set("site", [...sites][0] ?? "");
  data.set("workflow", event.submitter.value);
  data.set("paths", JSON.stringify(found.map((row) => row.dataset.pick)));
  document.getElementById("actions").open = false;
  if (sites.size === 1) await showDialog(form.action, { method: "POST", body: data }, document.querySelector("#actions summary"));
  else said.focus?.();
}

async function run(event) {
  const asked = event.target.closest("form[data-runs]");
  if (!asked) return;
  event.preventDefault();
  const confirm = asked.querySelector(".dialog-foot button");
  if (confirm.hasAttribute("aria-busy")) return; // once is enough
  const answer = await showDialog(asked.action, { method: "POST", body: new FormData(asked) }, confirm);
  if (!(answer instanceof Response) || !answer.headers.has("X-Done")) return;
  closeDialog();
  document.getElementById("status").textContent = await answer.text();
  document.getElementById("recent-jobs").dispatchEvent(new CustomEvent("changed"));
  for (const box of body.querySelectorAll("input[name=pick]")) Object.assign(box, { checked: false, indeterminate: false });
  count();
}

if (table) {
  form.classList.add("with-script");
  if ("flat" in table.dataset) {
    // One folder alone, reached by its address: its rows are ticked one by one, its folders are pages.
    count();
    table.addEventListener("change", count);
  } else {
    rows().forEach(ready);
    table.addEventListener("keydown", press);
    table.addEventListener("click", click);
    table.addEventListener("change", (event) => event.target.matches("[name=pick]") && ticked(event.target.closest("tr")));
    hidden.addEventListener("change", reload);
    restore().then(count);
  }
  form.addEventListener("submit", ask);
  document.addEventListener("submit", run);
}
