// Buttons with data-copy put that text on the clipboard and say so, also to screen readers.
const SAID_FOR = 2000; // ms that "Copied" stays

async function copy(button) {
  const status = document.getElementById("status");
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // No clipboard over plain HTTP, or it was refused: leave the text selected for Ctrl-C instead.
    const shown = button.parentElement.querySelector("[data-text]");
    if (shown) getSelection().selectAllChildren(shown);
    return;
  }
  button.dataset.copied = "";
  if (status) status.textContent = button.dataset.said;
  setTimeout(() => {
    delete button.dataset.copied;
    if (status) status.textContent = "";
  }, SAID_FOR);
}

export function offerCopying(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
}
