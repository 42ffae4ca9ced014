// Drag and drop, and the progress of an upload. Without scripts the plain form does the same.
const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const input = document.getElementById("file");
const state = document.getElementById("upload-state");
const bar = document.getElementById("upload-progress");
const problem = document.getElementById("upload-problem");

function send(file) {
  const data = new FormData(form);
  data.set("file", file);
  problem.hidden = true;
  bar.hidden = false;
  state.textContent = `${file.name}: ${state.dataset.reading}`;
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.onprogress = (event) => {
    if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
    // the file has arrived; how long reading it takes nobody knows
    if (event.loaded === event.total) bar.removeAttribute("value");
  };
  request.onload = () => {
    if (request.response && request.response.next) {
      location.assign(request.response.next);
    } else {
      fail((request.response && request.response.error) || request.statusText);
    }
  };
  request.onerror = () => form.submit();
  request.send(data);
}

function fail(sentence) {
  bar.hidden = true;
  bar.value = 0;
  state.textContent = "";
  input.value = "";
  problem.textContent = sentence;
  problem.hidden = false;
}

input.addEventListener("change", () => {
  if (input.files.length) send(input.files[0]);
});
for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.remove("over");
  });
}
drop.addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
});
