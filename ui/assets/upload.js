// Sends files from the browser straight to the API, one request per file, three at a time at most.
const PARALLEL = 2;

function line(list, file, texts) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", `${texts.sending} ${file.name}`);
  const state = document.createElement("span");
  state.className = "state";
  state.textContent = texts.sending;
  item.append(name, bar, state);
  list.append(item);
  return {
    progress: (share) => { bar.value = share; },
    end: (kind, words) => {
      item.className = kind;
      bar.remove();
      state.textContent = words;
    },
  };
}

function refusal(request, texts) {
  if (request.status === 401) return texts.session;
  try {
    return JSON.parse(request.responseText).detail || texts.refused;
  } catch {
    return `${texts.refused} (${request.status})`;
  }
}

function send(file, shown, texts) {
  return new Promise((resolve) => {
    const form = new FormData();
    form.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/documents");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) shown.progress(event.loaded / event.total);
    };
    request.onload = () => {
      const accepted = request.status >= 200 && request.status < 300;
      shown.end(accepted ? "sent" : "refused", accepted ? texts.sent : refusal(request, texts));
      resolve(accepted);
    };
    request.onerror = () => {
      shown.end("refused", texts.network);
      resolve(false);
    };
    request.send(form);
  });
}

export default function ({ data, parentElement, setTriggerValue }) {
  const texts = data.texts;
  const root = parentElement.querySelector(".upload");
  const input = root.querySelector("input");
  const list = root.querySelector("ul");
  const button = root.querySelector("button");
  button.textContent = texts.pick;
  root.querySelector(".drop").textContent = texts.drop;
  root.querySelector(".formats").textContent = texts.formats;
  root.setAttribute("aria-label", texts.region);
  input.setAttribute("aria-label", texts.pick);

  const take = async (files) => {
    const waiting = Array.from(files).map((file) => [file, line(list, file, texts)]);
    let count = 0;
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (await send(next[0], next[1], texts)) {
          count += 1;
          if (count === 1) setTriggerValue("sent", Date.now());
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    if (count) setTriggerValue("sent", Date.now());
  };

  button.onclick = () => input.click();
  input.onchange = () => { take(input.files); input.value = ""; };
  root.ondragover = (event) => { event.preventDefault(); root.classList.add("over"); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = (event) => {
    event.preventDefault();
    root.classList.remove("over");
    take(event.dataTransfer.files);
  };
}
