// Sends files from the browser straight to the API, a few in each request, so that one is one job.
const BATCH_FILES = 50;
const BATCH_BYTES = 64 * 1024 * 1024;

function batches(entries) {
  const made = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = made[made.length - 1];
    if (!last || last.length >= BATCH_FILES || bytes + entry.file.size > BATCH_BYTES) {
      made.push([entry]);
      bytes = entry.file.size;
    } else {
      last.push(entry);
      bytes += entry.file.size;
    }
  }
  return made;
}

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

function share(batch, sent) {
  let before = 0;
  for (const entry of batch) {
    entry.shown.progress(Math.min(1, Math.max(0, (sent - before) / (entry.file.size || 1))));
    before += entry.file.size;
  }
}

function send(batch, texts) {
  return new Promise((resolve) => {
    const form = new FormData();
    for (const entry of batch) form.append("files", entry.file, entry.file.name);
    const end = (accepted, words) => {
      for (const entry of batch) entry.shown.end(accepted ? "sent" : "refused", words);
      resolve(accepted);
    };
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/documents");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => share(batch, event.loaded);
    request.onload = () => {
      const accepted = request.status >= 200 && request.status < 300;
      end(accepted, accepted ? texts.sent : refusal(request, texts));
    };
    request.onerror = () => end(false, texts.network);
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
    const entries = Array.from(files).map((file) => ({ file, shown: line(list, file, texts) }));
    for (const batch of batches(entries)) {
      if (await send(batch, texts)) setTriggerValue("sent", Date.now());
    }
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
