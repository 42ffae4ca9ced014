// Writing a text: the counter, the letters that make it Unicode, columns put in by a click, a row's own text.
import { forcingCharacters, measure } from "./counter.js";
import { RowPreview } from "./row_preview.js";

const form = document.getElementById("compose");
if (form) {
  const text = document.getElementById("text");
  const words = JSON.parse(form.dataset.words);
  const numbers = new Intl.NumberFormat(document.documentElement.lang);
  const problemBox = document.getElementById("text-problem");
  const put = (id, value) => (document.getElementById(id).textContent = value);

  const count = (written) => {
    const measured = measure(written);
    if (measured === null) {
      tell(words.broken);
      return;
    }
    const isTooLong = measured.parts > Number(form.dataset.maxParts);
    put("characters", numbers.format(measured.characters));
    put("encoding", words[measured.encoding]);
    put("parts", written ? numbers.format(measured.parts) : "0");
    put("left", numbers.format(measured.left));
    document.getElementById("parts-box").classList.toggle("over", isTooLong);
    if (isTooLong && problemBox.hidden) tell(words.over);
    showForcing(written, measured);
  };

  const tell = (sentence) => {
    problemBox.textContent = sentence;
    problemBox.hidden = !sentence;
  };

  const showForcing = (written, measured) => {
    const box = document.getElementById("forcing");
    box.hidden = measured.encoding === "gsm7";
    if (box.hidden) return;
    // the whole Russian alphabet one by one would hide the one odd letter that matters
    const isRussian = (letter) => /[А-Яа-яЁё]/.test(letter);
    const all = forcingCharacters(written);
    const letters = [...(all.some(isRussian) ? [words.russian] : []), ...all.filter((letter) => !isRussian(letter))];
    const shown = letters.slice(0, 24).map((letter) => {
      const mark = document.createElement("span");
      mark.className = "letter";
      mark.textContent = letter.trim() ? letter : `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
      return mark;
    });
    box.replaceChildren(`${words.forcing} `, ...shown, letters.length > shown.length ? ` ${words.more}` : "");
  };

  const preview = new RowPreview(form, (written, problem) => {
    // no text yet is no mistake worth red ink
    tell(text.value.trim() ? problem : "");
    count(written ?? text.value);
  });

  const changed = () => {
    // without braces the row reads what is typed: no need to wait for the server
    if (!/[{}]/.test(text.value)) {
      tell("");
      count(text.value);
      preview.write(text.value);
    }
    preview.soon();
  };
  text.addEventListener("input", changed);
  for (const chip of form.querySelectorAll("[data-insert]")) {
    chip.addEventListener("click", () => {
      text.setRangeText(chip.dataset.insert, text.selectionStart, text.selectionEnd, "end");
      text.focus();
      changed();
    });
  }
  count(text.value);
  if (document.getElementById("row").value) preview.ask();
}
