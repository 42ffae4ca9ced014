// Shows how far an import or a Start is, and goes on to the next page when it has ended.
const box = document.getElementById("work");
const bar = box.querySelector("progress");
const phase = document.getElementById("phase");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
let address = box.dataset.ask;

async function ask() {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const work = await answer.json();
    if (!answer.ok || work.next) {
      location.assign(work.next || location.href);
      return;
    }
    bar.max = work.share === undefined ? work.rows || 1 : 1;
    bar.value = work.share ?? work.rows_done;
    document.getElementById("rows-done").textContent = numbers.format(work.rows_done);
    document.getElementById("rows").textContent = numbers.format(work.rows);
    if (phase && phase.textContent !== work.phase) phase.textContent = work.phase;
    // the server may be restarted and forget the work: what was stored of it is found by this
    if (work.mailing) address = `${box.dataset.ask}?mailing=${work.mailing}`;
  } catch {
    // the connection is away: the work goes on without us
  }
  setTimeout(ask, 400);
}
ask();
