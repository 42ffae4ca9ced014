// The live log: server-sent events; where no stream is free, the same lines every few seconds.
const log = document.getElementById("log");
const lines = document.getElementById("log-lines");
const live = document.getElementById("live");
const announce = document.getElementById("announce");
const numbers = new Intl.NumberFormat(document.documentElement.lang);
const MAX_LINES = 400;
const SIM_CELL = 2;
const POLL_MS = 3000;
const TRY_STREAM_AGAIN_MS = 30000;

let lastId = Number(log.dataset.after);
const rows = new Map([...lines.children].map((row) => [row.dataset.message, row]));

// The SIM, and the rule that chose it: both stay until the message is begun again.
function showSim(cell, line) {
  const last = line.state === "submitting" ? "" : cell.querySelector(".why")?.textContent;
  const why = line.sim_why || last;
  const name = line.sim || cell.firstChild?.textContent || "";
  cell.textContent = name;
  if (!why) return;
  const small = document.createElement("small");
  small.className = "why";
  small.textContent = why;
  cell.append(small);
}

function showLine(line) {
  lastId = Math.max(lastId, line.id);
  if (line.kind !== "message" || !line.message) return;
  // taken for a SIM, nothing has left yet: no news for a person
  if (line.state === "leased" || (line.state === "queued" && !line.reason_text)) return;
  const key = String(line.message);
  let row = rows.get(key);
  const isNew = row === undefined;
  if (isNew) {
    row = document.createElement("tr");
    row.dataset.message = key;
    for (const name of ["nowrap quiet", "nowrap", "nowrap", "", "state", "wide", "text wide"]) {
      const cell = document.createElement("td");
      if (name) cell.className = name;
      row.append(cell);
    }
    rows.set(key, row);
    lines.prepend(row);
    while (lines.children.length > MAX_LINES) {
      rows.delete(lines.lastElementChild.dataset.message);
      lines.lastElementChild.remove();
    }
  }
  const values = [line.time, line.number, line.sim, line.parts, line.state_text, line.reason_text, line.text];
  for (const [index, value] of values.entries()) {
    // a later event may not name the SIM; what is known stays
    if (index === SIM_CELL) showSim(row.cells[index], line);
    else if (value || index === 5) row.cells[index].textContent = value;
  }
  row.className = line.tone;
  if (isNew) row.classList.add("fresh");
}

function showProgress(progress) {
  const total = progress.messages || 1;
  document.getElementById("done").textContent = numbers.format(progress.messages - progress.left);
  document.getElementById("pace").textContent = numbers.format(progress.pace);
  document.getElementById("pace-box").hidden = !progress.pace || progress.left === 0;
  let x = 0;
  for (const rect of document.querySelectorAll(".big-progress rect")) {
    const width = (1000 * progress.groups[rect.dataset.tone]) / total;
    rect.setAttribute("x", x);
    rect.setAttribute("width", width);
    x += width;
  }
  for (const figure of document.querySelectorAll("[data-group]")) {
    figure.textContent = numbers.format(progress.groups[figure.dataset.group]);
  }
  const badge = document.getElementById("mailing-state");
  if (badge.textContent !== progress.state_text) badge.textContent = progress.state_text;
  badge.className = `badge ${progress.state}`;
  const reason = document.getElementById("mailing-reason");
  if (reason.textContent !== progress.reason_text) reason.textContent = progress.reason_text;
  reason.hidden = !progress.reason_text;
  const waits = document.getElementById("waits");
  waits.replaceChildren(
    ...progress.waits.map((wait) => {
      const item = document.createElement("li");
      const count = document.createElement("strong");
      count.textContent = numbers.format(wait.count);
      item.append(count, ` · ${wait.reason_text}`);
      return item;
    }),
  );
  waits.hidden = progress.waits.length === 0;
  for (const element of document.querySelectorAll("[data-when]")) {
    element.hidden = !element.dataset.when.split(" ").includes(progress.state);
  }
  sayNowAndThen(progress);
}

// For those who listen: not every line, but how far it is, every ten seconds at most and at the end.
let saidAt = 0;
function sayNowAndThen(progress) {
  const hasEnded = progress.left === 0;
  if (!hasEnded && Date.now() - saidAt < 10000) return;
  saidAt = Date.now();
  const done = announce.dataset.template
    .replace("{done}", numbers.format(progress.messages - progress.left))
    .replace("{total}", numbers.format(progress.messages));
  const sentence = hasEnded ? `${done}. ${progress.state_text}` : done;
  if (announce.textContent !== sentence) announce.textContent = sentence;
}

function showConnection(state) {
  live.className = `live ${state}`;
  live.textContent = live.dataset[state];
}

function openStream() {
  const stream = new EventSource(`${log.dataset.events}?after=${lastId}`);
  stream.addEventListener("open", () => showConnection("open"));
  stream.addEventListener("line", (event) => showLine(JSON.parse(event.data)));
  stream.addEventListener("progress", (event) => showProgress(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) {
      // refused, not lost: no stream is free (or the session has ended; the poll will find out)
      poll(Date.now() + TRY_STREAM_AGAIN_MS);
    } else {
      showConnection("away");
    }
  });
  // a stream that is left open would hold its place until the next keep-alive
  window.addEventListener("pagehide", () => stream.close(), { once: true });
}

async function poll(streamAgainAt) {
  showConnection("polling");
  try {
    const answer = await fetch(`${log.dataset.poll}?after=${lastId}`, { headers: { Accept: "application/json" } });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    const news = await answer.json();
    news.lines.forEach(showLine);
    if (news.progress) showProgress(news.progress);
    if (news.more) {
      poll(streamAgainAt);
      return;
    }
  } catch {
    showConnection("away");
  }
  setTimeout(() => (Date.now() > streamAgainAt ? openStream() : poll(streamAgainAt)), POLL_MS);
}

openStream();
// back from the browser's memory: the stream was closed when the page was left
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
