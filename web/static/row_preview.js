// The text of one row beside a form: asks the server, which alone decides what a row reads.
import { measure } from "./counter.js";

const bubble = document.getElementById("bubble");
const to = document.getElementById("to");
const note = document.getElementById("row-note");
const fields = document.getElementById("sheet-row");

export class RowPreview {
  /** `onText(text | null, problem)` is told what the row reads, or why it cannot be written. */
  constructor(form, onText = () => {}) {
    this.form = form;
    this.words = JSON.parse(form.dataset.words);
    this.onText = onText;
    this.row = document.getElementById("row");
    this.newest = 0;
    for (const button of form.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => this.ask(Number(button.dataset.step)));
    }
    this.row.addEventListener("change", () => this.ask());
    this.row.addEventListener("keydown", (event) => {
      // Enter shows the row; it does not send the form
      if (event.key === "Enter") {
        event.preventDefault();
        this.ask();
      }
    });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), 180);
  }

  async ask(step = 0) {
    clearTimeout(this.timer);
    const mine = ++this.newest;
    const data = new FormData(this.form);
    data.set("step", step);
    let shown;
    try {
      const answer = await fetch(this.form.dataset.preview, {
        method: "POST",
        body: data,
        headers: { Accept: "application/json" },
      });
      shown = await answer.json();
      if (!answer.ok) shown = { problem: shown.error };
    } catch {
      shown = { problem: this.words.offline };
    }
    if (mine === this.newest) this.show(shown);
  }

  show(shown) {
    if (shown.row) this.row.value = shown.row;
    this.onText(shown.text ?? null, shown.problem ?? "");
    if (shown.text === undefined) return;
    to.textContent = shown.number ? this.words.to.replace("{number}", shown.number) : "";
    this.write(shown.text);
    note.textContent = shown.note;
    note.hidden = !shown.note;
    fields.replaceChildren(
      ...shown.fields.flatMap(([name, value]) => {
        const term = document.createElement("dt");
        const detail = document.createElement("dd");
        term.textContent = name;
        detail.textContent = value;
        return [term, detail];
      }),
    );
  }

  /** The text with a mark where each further part begins. */
  write(text) {
    const measured = measure(text);
    const pieces = [];
    let from = 0;
    for (const [index, cut] of (measured ? measured.cuts : []).entries()) {
      pieces.push(text.slice(from, cut));
      const mark = document.createElement("span");
      mark.className = "cut";
      mark.dataset.part = index + 2;
      pieces.push(mark);
      from = cut;
    }
    bubble.replaceChildren(...pieces, text.slice(from));
  }
}
