// Links and forms with data-dialog show what they lead to in the page's one dialog; without this script it is a page.
import { offerPickers } from "./picker.js";
import { showTimes } from "./times.js";

let opener = null;
const box = () => document.getElementById("dialog");

function make() {
  const made = Object.assign(document.createElement("dialog"), { id: "dialog", className: "dialog" });
  made.setAttribute("aria-labelledby", "dialog-title");
  made.addEventListener("close", () => opener?.isConnected && opener.focus());
  made.addEventListener("click", (event) => {
    const closes = event.target.closest("[data-dialog-close]");
    if (!closes && event.target !== made) return;
    if (closes) event.preventDefault();
    made.close();
  });
  document.body.append(made);
  return made;
}

// Ask for `address` and show the answer; a redirection that the hub wants leads the whole page there. False for what is
// no part of a dialog, the answer itself when it says that something was done (X-Done).
export async function showDialog(address, options = {}, from = document.activeElement) {
  const dialog = box() ?? make();
  if (!dialog.open) opener = from;
  from?.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { ...options, headers: { ...options.headers, "HX-Request": "true" } });
    if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
    const type = answer.headers.get("content-type") ?? "";
    if (answer.headers.has("X-Done")) return answer;
    if (answer.headers.get("X-Part") !== "dialog" || !type.startsWith("text/html")) return false;
    dialog.innerHTML = await answer.text();
    offerPickers(dialog);
    showTimes(dialog);
    if (!dialog.open) dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
    return true;
  } finally {
    from?.removeAttribute("aria-busy");
  }
}

export const closeDialog = () => box()?.close();

export function offerDialogs(root) {
  root.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-dialog]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if ((await showDialog(link.href, {}, link)) === false) location.assign(link.href);
  });
}
