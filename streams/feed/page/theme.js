/* Dark or light colours: those of the system, until the reader chooses. A classic script, so that it runs before
   anything is painted. */

"use strict";

(() => {
  const NAME = "tankerwatch-theme", ORDER = ["auto", "light", "dark"];
  const stored = () => {
    try {
      return ORDER.includes(localStorage.getItem(NAME)) ? localStorage.getItem(NAME) : "auto";
    } catch {
      return "auto";
    }
  };

  function apply(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (button) {
      button.querySelector("span").textContent = { auto: "◐", light: "☀", dark: "☾" }[theme];
      button.title = button.ariaLabel = `Colours: ${{ auto: "as in the system", light: "light", dark: "dark" }[theme]} (t)`;
    }
    dispatchEvent(new Event("themechange"));
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    apply(stored());
    document.getElementById("theme").addEventListener("click", () => {
      const next = ORDER[(ORDER.indexOf(stored()) + 1) % ORDER.length];
      localStorage.setItem(NAME, next);
      apply(next);
    });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));
})();
