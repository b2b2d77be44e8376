// The page of the tree: the chosen entity beside it, its menu, dialogs, dragging, and what was open when it was left.
import { offerPickers } from "./picker.js";
import { Tree } from "./tree.js";
import { showTimes } from "./times.js";

const OPEN = "lagan.tree.open"; // key in the session's storage
const MOST_OPEN = 60; // branches that are opened again

const root = document.getElementById("tree");
const side = document.getElementById("side");
const menu = document.getElementById("acts");
const dialog = document.getElementById("act-dialog");
let restoring = false;

const tree = new Tree(root, { choose: show, menu: openMenu, opened: remember });

async function ask(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
  return answer.ok ? answer.text() : null;
}

// What is known of the chosen entity, and its id in the address.
async function show(item) {
  const { id } = item.dataset;
  if (!id) return;
  const address = new URL(location);
  address.searchParams.set("at", id);
  history.replaceState(null, "", address);
  const found = await ask(`/entities/${id}/panel/`);
  if (found === null || !item.matches("[aria-selected=true]")) return;
  side.innerHTML = found;
  showTimes(side);
}

function remember() {
  if (!restoring) sessionStorage.setItem(OPEN, tree.openIds.slice(0, MOST_OPEN).join(" "));
}

// Open the branches from the root down to the last of `ids`; answer its line.
async function follow(ids) {
  let item = null;
  for (const id of ids) {
    const here = tree.item(id) ?? (item && (await bring(item, id)));
    if (!here) break;
    item = here;
    if (id !== ids.at(-1)) await tree.open(item);
  }
  return item;
}

// A line that lies behind "Show more" is put before it alone.
async function bring(parent, id) {
  const found = await ask(`/entities/children/?only=${id}`);
  if (found === null) return null;
  const group = parent.querySelector(":scope > [role=group]");
  const more = group.querySelector(":scope > .more");
  if (more) more.insertAdjacentHTML("beforebegin", found);
  else group.insertAdjacentHTML("beforeend", found);
  return tree.item(id);
}

async function restore() {
  restoring = true;
  const before = (sessionStorage.getItem(OPEN) ?? "").split(" ").filter(Boolean);
  for (const id of before) {
    const item = tree.item(id);
    if (item) await tree.open(item);
  }
  const ways = [root.dataset.ways, ""].join(";").split(";").filter(Boolean);
  const found = [];
  for (const way of ways) {
    const item = await follow(way.split(" "));
    item?.classList.add("found");
    if (item) found.push(item);
  }
  const chosen = root.dataset.way ? await follow(root.dataset.way.split(" ")) : null;
  const first = chosen ?? found[0];
  restoring = false;
  remember();
  if (!first) return;
  if (chosen) chosen.setAttribute("aria-selected", "true");
  tree.focus(first);
  first.querySelector(".node").scrollIntoView({ block: "center" });
}

// The menu of an entity: what the line says may be done.
function openMenu(item, place) {
  const may = new Set(item.dataset.acts.split(" "));
  let some = false;
  for (const each of menu.children) {
    if ("group" in each.dataset) {
      each.hidden = !some;
      some = false;
      continue;
    }
    each.hidden = !may.has(each.dataset.act);
    some ||= !each.hidden;
    const address = `/entities/${item.dataset.id}/${each.dataset.address}`;
    each.href = each.dataset.act.startsWith("create") || "dialog" in each.dataset ? `${address}${address.includes("?") ? "&" : "?"}from=tree` : address;
  }
  menu.dataset.of = item.dataset.id;
  menu.showPopover();
  const at = place.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.bottom, innerHeight - menu.offsetHeight - 8))}px`;
  shownActs()[0]?.focus();
}

const shownActs = () => [...menu.querySelectorAll("[role=menuitem]:not([hidden])")];

function closeMenu() {
  menu.hidePopover();
  const item = tree.item(menu.dataset.of);
  if (item) tree.focus(item, false);
}

menu.addEventListener("keydown", (event) => {
  const acts = shownActs();
  const at = acts.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: acts.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") closeMenu();
  else if (to !== undefined) acts.at(to % acts.length)?.focus();
  else if (event.key === " ") document.activeElement.click();
  else return;
  event.preventDefault();
});

menu.addEventListener("click", (event) => {
  const act = event.target.closest("[role=menuitem]");
  if (!act || !("dialog" in act.dataset) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  closeMenu();
  openDialog(act.getAttribute("href"));
});

async function openDialog(address) {
  const found = await ask(address);
  if (found === null) return location.assign(address);
  dialog.innerHTML = found;
  offerPickers(dialog);
  showTimes(dialog);
  dialog.setAttribute("aria-labelledby", "act-title");
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.select();
}

dialog.addEventListener("click", (event) => {
  if (!event.target.closest("[data-dialog-close]")) return;
  event.preventDefault();
  dialog.close();
});
dialog.addEventListener("close", (event) => {
  if (event.target === dialog && tree.current) tree.focus(tree.current, false);
});

// Dragging: what may be moved goes onto what may hold it; the dialog asks before anything moves.
let dragged = null;
const holds = { TASK: ["GROUP", "USER", "COMPUTER"] };
const mayHold = (type, place) => (holds[type] ?? ["GROUP"]).includes(place);

root.addEventListener("pointerdown", (event) => {
  const item = event.target.closest("[role=treeitem]");
  const node = event.target.closest(".node");
  if (node && item?.dataset.acts) node.draggable = item.dataset.acts.split(" ").includes("move");
});
root.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[role=treeitem]");
  if (!dragged) return;
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.name);
});
root.addEventListener("dragover", (event) => {
  const onto = ontoOf(event);
  unmark();
  if (!onto) return;
  event.preventDefault();
  onto.classList.add("onto");
});
root.addEventListener("drop", (event) => {
  const onto = ontoOf(event);
  if (!onto) return;
  event.preventDefault();
  openDialog(`/entities/${dragged.dataset.id}/move/?to=${onto.dataset.id}&from=tree`);
});
root.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
  unmark();
});

function ontoOf(event) {
  const item = event.target.closest("[role=treeitem]");
  if (!dragged || !item?.dataset.id || dragged.contains(item) || item.classList.contains("passed")) return null;
  if (item === dragged.parentElement.closest("[role=treeitem]")) return null;
  return mayHold(dragged.dataset.type, item.dataset.type) ? item : null;
}

function unmark() {
  root.querySelector(".onto")?.classList.remove("onto");
}

restore();
