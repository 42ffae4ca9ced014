// What every page does: says that scripts run, keeps a form from being sent twice, shows that an answer is due.
document.documentElement.classList.add("is-scripted");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method.toLowerCase() === "post" && !event.defaultPrevented) {
    form.dataset.sent = "yes";
    // seen only where the answer takes its time: a long list is checked row by row
    document.documentElement.classList.add("is-sending");
  }
});

// A page that comes back from the browser's memory ("Back") may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  document.documentElement.classList.remove("is-sending");
});
