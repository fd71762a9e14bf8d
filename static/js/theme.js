/* Chooses light, dark or the system's theme.
 *
 * Loaded in <head> without defer on purpose: the attribute has to be there before the first paint, or a dark page
 * flashes white. It is a file and not an inline script so that the content security policy can stay 'self'.
 */
(() => {
  "use strict";
  const KEY = "countinghouse.theme";
  const THEMES = ["system", "light", "dark"];
  const root = document.documentElement;

  // Storage throws where cookies are blocked; the theme then lasts for one page, which is better than no page.
  const read = () => {
    try {
      const stored = localStorage.getItem(KEY);
      return THEMES.includes(stored) ? stored : "system";
    } catch {
      return "system";
    }
  };
  const write = (theme) => {
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      /* see above */
    }
  };

  // "system" is the absence of the attribute: the stylesheet's color-scheme then follows the device, live.
  const apply = (theme) => {
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
    }
  };

  apply(read());
  document.addEventListener("DOMContentLoaded", () => apply(read()));

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    write(button.dataset.themeChoice);
    apply(button.dataset.themeChoice);
  });

  // Another tab changed it.
  addEventListener("storage", (event) => {
    if (event.key === KEY) apply(read());
  });
})();
