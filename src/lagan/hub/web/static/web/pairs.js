// A button with data-more-pairs adds another pair of a key and a value to its form; without script there are spare ones.
const MOST = 45; // a form's fields are counted where it is received

export function offerPairs(root) {
  for (const button of root.querySelectorAll("[data-more-pairs]")) button.hidden = false;
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-more-pairs]");
    if (!button) return;
    const rows = button.closest("[data-pairs]").querySelectorAll(".pair-row");
    if (rows.length >= MOST) return;
    const number = rows.length + 1;
    const made = rows[rows.length - 1].cloneNode(true);
    const [key, value] = made.querySelectorAll("input, textarea");
    Object.assign(key, { name: `key-${number}`, value: "", ariaLabel: `${button.dataset.key} ${number}` });
    Object.assign(value, { name: `value-${number}`, value: "", ariaLabel: `${button.dataset.value} ${number}` });
    rows[rows.length - 1].after(made);
    button.hidden = number >= MOST;
    key.focus();
  });
}
