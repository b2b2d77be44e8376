// The theme switch: applies at once and is kept in a cookie, so that the server sends the right page at first.
const YEAR = 365 * 24 * 60 * 60; // seconds

function choose(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${theme}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
}

export function offerThemes(root) {
  const buttons = root.querySelectorAll("[data-theme-choice]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      choose(button.dataset.themeChoice);
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
}
