// Fields with data-picker choose an entity from the tree in a dialog; without this script they are a list or a plain field.
import { Tree } from "./tree.js";

const PAUSE = 250; // ms after the last letter until the hub is asked

class Picker {
  constructor(field) {
    this.part = (name) => field.querySelector(`[data-picker-${name}]`);
    this.types = field.dataset.types;
    this.plain = this.part("plain");
    this.dialog = this.part("dialog");
    this.value = document.createElement("input");
    Object.assign(this.value, { type: "hidden", name: this.plain.name, value: this.plain.value });
    const opener = this.part("open");
    opener.hidden = false;
    opener.id = this.plain.id;
    const chosen = this.plain.selectedOptions?.[0];
    if (chosen?.value) this.part("shown").textContent = chosen.textContent;
    this.required = this.plain.required;
    this.plain.replaceWith(this.value);
    const words = field.querySelector(`label[for="${CSS.escape(opener.id)}"]`);
    opener.setAttribute("aria-label", `${words.textContent}: ${this.part("shown").textContent}`);
    this.words = words.textContent;
    opener.addEventListener("click", () => this.#open());
    this.part("close").addEventListener("click", () => this.dialog.close());
    this.part("take").addEventListener("click", () => this.#take());
    this.part("find").addEventListener("input", () => this.#soon());
    this.part("find").addEventListener("keydown", (event) => this.#searchKey(event));
    this.part("hits").addEventListener("click", (event) => this.#hit(event));
    field.closest("form")?.addEventListener("submit", (event) => this.#check(event));
  }

  #open() {
    if (!this.tree) {
      this.tree = new Tree(this.part("tree"), {
        query: new URLSearchParams({ type: this.types }).toString(),
        choose: (item) => this.#offer(item.dataset, "choosable" in item.dataset),
        activate: () => this.chosen && this.#take(),
      });
      this.tree.start().then((first) => first && this.tree.open(first));
    }
    this.dialog.showModal();
    this.part("find").focus();
  }

  #offer({ id, name, path }, may) {
    this.chosen = may ? { id, words: path || this.#pathOf(id, name) } : null;
    this.part("take").disabled = !may;
    this.part("said").textContent = this.chosen?.words ?? "";
  }

  #pathOf(id, name) {
    const names = [];
    for (let item = this.tree.item(id); item; item = item.parentElement.closest("[role=treeitem]")) names.unshift(item.dataset.name);
    return names.length ? `/${names.slice(1).join("/")}` : name;
  }

  #take() {
    if (!this.chosen) return;
    this.value.value = this.chosen.id;
    this.part("shown").textContent = this.chosen.words;
    this.part("open").setAttribute("aria-label", `${this.words}: ${this.chosen.words}`);
    this.value.dispatchEvent(new Event("change", { bubbles: true }));
    this.dialog.close();
  }

  #soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#search(), PAUSE);
  }

  // Enter in the search asks at once and never sends the form around it.
  #searchKey(event) {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(this.waiting);
    this.#search(true);
  }

  // While it is being typed, what is there is the beginning of a name.
  async #search(whole = false) {
    const text = this.part("find").value.trim();
    const find = whole || /^\d+$/.test(text) || text.includes("*") ? text : `${text}*`;
    this.part("tree").hidden = Boolean(text);
    if (!text) return this.part("hits").replaceChildren();
    const asked = new URLSearchParams({ find, type: this.types });
    const answer = await fetch(`/entities/hits/?${asked}`, { headers: { "HX-Request": "true" } });
    if (answer.ok && this.part("find").value.trim() === text) this.part("hits").innerHTML = await answer.text();
  }

  #hit(event) {
    const link = event.target.closest("a[data-id]");
    if (!link) return;
    event.preventDefault();
    for (const other of this.part("hits").querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    link.setAttribute("aria-current", "true");
    this.#offer(link.dataset, "choosable" in link.dataset);
  }

  // A hidden field is not asked for by the browser.
  #check(event) {
    if (!this.required || this.value.value) return;
    event.preventDefault();
    this.part("open").focus();
    this.#open();
  }
}

export function offerPickers(root) {
  for (const field of root.querySelectorAll("[data-picker]:not([data-ready])")) {
    field.dataset.ready = "";
    new Picker(field);
  }
}
