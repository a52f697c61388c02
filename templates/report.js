// Paper has no clicks: open every closed part before printing, and put it back afterwards.
(() => {
  const opened = [];
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details:not([open])").forEach((part) => { part.open = true; opened.push(part); });
  });
  addEventListener("afterprint", () => opened.splice(0).forEach((part) => { part.open = false; }));
})();
