/* The mobile menu, the tabs and the copy buttons. Everything else is HTML or htmx. */
(() => {
  "use strict";

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  const setNavigation = (toggle, open) => {
    toggle.setAttribute("aria-expanded", String(open));
    document.getElementById(toggle.getAttribute("aria-controls"))?.toggleAttribute("data-open", open);
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // No clipboard on plain http or when refused: select the text, so that the usual keys copy it.
      getSelection().selectAllChildren(button.querySelector(".copyable__text") ?? button);
      return;
    }
    const status = document.getElementById("copy-status");
    if (status) status.textContent = `Copied ${button.dataset.copy}`;
    button.dataset.copied = "";
    setTimeout(() => delete button.dataset.copied, 1600);
  };

  // On a phone the tabs are wider than the page: the one that is open has to be seen.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));

    const toggle = event.target.closest("[data-navigation-toggle]");
    if (toggle) setNavigation(toggle, toggle.getAttribute("aria-expanded") !== "true");

    const copyable = event.target.closest("[data-copy]");
    if (copyable) copy(copyable);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details.menu[open]");
    closeMenus();
    menu?.querySelector("summary").focus();
    const toggle = document.querySelector('[data-navigation-toggle][aria-expanded="true"]');
    if (toggle) {
      setNavigation(toggle, false);
      toggle.focus();
    }
  });
})();
