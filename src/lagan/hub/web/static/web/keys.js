// Links with data-key are followed by that key, where nothing else wants it.
const TAKEN = "input, textarea, select, summary, [contenteditable], .scroll";

export function offerKeys(root) {
  root.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.defaultPrevented || event.target.closest?.(TAKEN)) return;
    for (const link of document.querySelectorAll("[data-key]")) {
      if (link.dataset.key === event.key) {
        event.preventDefault();
        link.click();
        return;
      }
    }
  });
}
