// Shows how far an import is, and goes on to the list when it has ended.
const box = document.getElementById("importing");
const bar = box.querySelector("progress");
const numbers = new Intl.NumberFormat(document.documentElement.lang);

async function ask() {
  try {
    const answer = await fetch(box.dataset.ask, { headers: { Accept: "application/json" } });
    const work = await answer.json();
    if (!answer.ok || work.next) {
      location.assign(work.next || location.href);
      return;
    }
    bar.max = work.rows || 1;
    bar.value = work.rows_done;
    document.getElementById("rows-done").textContent = numbers.format(work.rows_done);
    document.getElementById("rows").textContent = numbers.format(work.rows);
  } catch {
    // the connection is away: the import goes on without us
  }
  setTimeout(ask, 400);
}
ask();
