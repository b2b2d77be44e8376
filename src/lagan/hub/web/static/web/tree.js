// A tree that loads its branches when they are opened, by mouse or keys: arrows, Home, End, Enter, letters, as the
// tree pattern of WAI-ARIA says. What Enter, a click and the menu do is told by whoever makes one.
const TYPED_FOR = 700; // ms within which letters belong together

export class Tree {
  // `root` is the element with role=tree; `query` goes with every question for children.
  constructor(root, { query = "", choose = () => {}, activate = () => {}, menu = null, opened = () => {} } = {}) {
    Object.assign(this, { root, query, choose, activate, menu, opened, typed: "", typedAt: 0 });
    root.addEventListener("keydown", (event) => this.#press(event));
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("dblclick", (event) => this.#toggleAt(event));
    root.addEventListener("contextmenu", (event) => this.#context(event));
  }

  // Put in what the hub says lies at the top, when the page did not bring it along.
  async start() {
    if (!this.root.children.length) await this.#fill(this.root, "");
    const first = this.root.querySelector("[role=treeitem]");
    if (first && !this.root.querySelector("[tabindex='0']")) first.tabIndex = 0;
    return first;
  }

  item(id) {
    return this.root.querySelector(`[data-id="${CSS.escape(id)}"]`);
  }

  get current() {
    return this.root.querySelector("[role=treeitem][tabindex='0']");
  }

  // Open the branch and wait for what is in it.
  async open(item) {
    if (item.getAttribute("aria-expanded") === null) return;
    item.setAttribute("aria-expanded", "true");
    const group = item.querySelector(":scope > [role=group]");
    if (!group.children.length) {
      item.setAttribute("aria-busy", "true");
      await this.#fill(group, item.dataset.id);
      item.removeAttribute("aria-busy");
    }
    this.opened();
  }

  close(item) {
    if (item.getAttribute("aria-expanded") !== "true") return;
    item.setAttribute("aria-expanded", "false");
    if (item.contains(this.current) && this.current !== item) this.focus(item);
    this.opened();
  }

  // The ids of the branches that are open, outermost first.
  get openIds() {
    return [...this.root.querySelectorAll("[aria-expanded=true]")].map((item) => item.dataset.id);
  }

  focus(item, scroll = true) {
    for (const other of this.root.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
    if (scroll) (item.querySelector(".node") ?? item).scrollIntoView({ block: "nearest" });
  }

  select(item) {
    for (const other of this.root.querySelectorAll("[aria-selected=true]")) other.setAttribute("aria-selected", "false");
    item.setAttribute("aria-selected", "true");
    this.choose(item);
  }

  async #fill(group, parent, after = "") {
    const address = new URLSearchParams(this.query);
    if (parent) address.set("parent", parent);
    if (after) address.set("after", after);
    const answer = await fetch(`/entities/children/?${address}`, { headers: { "HX-Request": "true" } });
    if (answer.headers.has("HX-Redirect")) location.assign(answer.headers.get("HX-Redirect"));
    else if (answer.ok) group.insertAdjacentHTML("beforeend", await answer.text());
    if (group !== this.root && !group.children.length) group.closest("[role=treeitem]").dataset.empty = "";
  }

  async #more(item) {
    const group = item.parentElement;
    const before = item.previousElementSibling;
    const had = this.current === item;
    const { parent, after } = item.dataset;
    item.remove();
    await this.#fill(group, parent, after);
    if (had) this.focus(before?.nextElementSibling ?? group.lastElementChild);
  }

  #click(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.focus(item, false);
    if (item.classList.contains("more")) this.#more(item);
    else if (event.target.closest(".acts")) this.menu?.(item, event.target.closest(".acts"));
    else if (event.target.closest(".twist")) this.#toggle(item);
    else this.select(item);
  }

  #toggleAt(event) {
    const item = event.target.closest("[role=treeitem]");
    if (item && !event.target.closest(".twist, .acts")) this.#toggle(item);
  }

  #toggle(item) {
    if (item.getAttribute("aria-expanded") === "true") this.close(item);
    else this.open(item);
  }

  #context(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!this.menu || !item?.dataset.acts) return;
    event.preventDefault();
    this.focus(item, false);
    this.menu(item, item.querySelector(".acts"));
  }

  #press(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target !== item || event.altKey || event.metaKey) return;
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) this.#context(event);
    else if (event.ctrlKey) return;
    else if (this.#moved(item, event.key)) event.preventDefault();
    else if (event.key.length === 1 && event.key !== " ") this.#type(item, event.key);
  }

  // Whether the key was one that the tree answers to.
  #moved(item, key) {
    const shown = () => this.#shown();
    const steps = {
      ArrowDown: () => this.#to(shown()[shown().indexOf(item) + 1]),
      ArrowUp: () => this.#to(shown()[shown().indexOf(item) - 1]),
      Home: () => this.#to(shown()[0]),
      End: () => this.#to(shown().at(-1)),
      ArrowRight: () => this.#inwards(item),
      ArrowLeft: () => this.#outwards(item),
      Enter: () => this.#enter(item),
      " ": () => this.#enter(item),
    };
    if (!steps[key]) return false;
    this.typed = "";
    steps[key]();
    return true;
  }

  #to(item) {
    if (item) this.focus(item);
  }

  #enter(item) {
    if (item.classList.contains("more")) return this.#more(item);
    this.select(item);
    this.activate(item);
  }

  #inwards(item) {
    if (item.getAttribute("aria-expanded") === "false") this.open(item);
    else this.#to(item.querySelector("[role=treeitem]"));
  }

  #outwards(item) {
    if (item.getAttribute("aria-expanded") === "true") this.close(item);
    else this.#to(item.parentElement.closest("[role=treeitem]"));
  }

  // The lines that are not within a closed branch, from the top.
  #shown() {
    const every = [...this.root.querySelectorAll("[role=treeitem]")];
    return every.filter((item) => !item.parentElement.closest("[aria-expanded=false]"));
  }

  // Letters typed in a row go to the next line that begins with them.
  #type(item, letter) {
    const now = performance.now();
    this.typed = now - this.typedAt < TYPED_FOR ? this.typed + letter : letter;
    this.typedAt = now;
    const lines = this.#shown();
    const again = [...this.typed].every((each) => each === letter); // one letter goes from hit to hit
    const wanted = (again ? letter : this.typed).toLowerCase();
    const from = lines.indexOf(item) + (again ? 1 : 0);
    const turned = [...lines.slice(from), ...lines.slice(0, from)];
    this.#to(turned.find((line) => line.dataset.name?.toLowerCase().startsWith(wanted)));
  }
}
