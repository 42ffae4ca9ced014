// One box that ticks all boxes of a name; without scripts it stays hidden.
for (const all of document.querySelectorAll("[data-choose-all]")) {
  const boxes = [...document.getElementsByName(all.dataset.chooseAll)];
  all.hidden = false;
  all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
  boxes.forEach((box) =>
    box.addEventListener("change", () => (all.checked = boxes.every((one) => one.checked))),
  );
}
