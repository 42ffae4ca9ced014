// Another sheet, row of titles, column or way of writing: the program looks at the file again, with all choices kept.
const form = document.getElementById("mapping");
for (const field of form.querySelectorAll("[data-look-again]")) {
  field.addEventListener("change", () => {
    const isAnotherTable = field.name === "sheet" || field.name === "header_row";
    const choices = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (name === "csrf_token" || value === "") continue;
      // columns of another sheet or another row of titles have other names: find them anew
      if (isAnotherTable && (name === "phone_column" || name.startsWith("format"))) continue;
      if (field.name === "sheet" && name === "header_row") continue;
      choices.set(name, value);
    }
    location.assign(`${form.dataset.again}?${choices}`);
  });
}
