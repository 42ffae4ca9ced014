// The check page: any row's own text, counting again when a choice changes, one Start a click.
import { RowPreview } from "./row_preview.js";

const form = document.getElementById("check");
const bubble = document.getElementById("bubble");
const words = JSON.parse(form.dataset.words);
// a text that cannot be sent has no row to show
const preview = bubble && new RowPreview(form);
if (preview) preview.write(bubble.textContent);

for (const choice of form.querySelectorAll("[data-recount]")) {
  choice.addEventListener("change", () => form.requestSubmit());
}
// what is typed is counted when the person has left the field
for (const field of form.querySelectorAll("[data-recount-after]")) {
  field.addEventListener("focusout", () => {
    if (field.value !== field.defaultValue) form.requestSubmit();
  });
}
for (const link of form.querySelectorAll("[data-row]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    preview.row.value = link.dataset.row;
    preview.ask();
    bubble.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
}
form.addEventListener("submit", (event) => {
  if (event.submitter && "start" in event.submitter.dataset) {
    event.submitter.textContent = words.starting;
    // disabled only after the form was put together, which needs the button
    setTimeout(() => (event.submitter.disabled = true));
  }
});
