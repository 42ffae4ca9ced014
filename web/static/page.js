// What every page does: says that scripts run, and keeps a form from being sent twice.
document.documentElement.classList.add("is-scripted");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method.toLowerCase() === "post" && !event.defaultPrevented) form.dataset.sent = "yes";
});

// A page that comes back from the browser's memory ("Back") may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});
