// Sends files from the browser straight to the API, a few in each request, so that one is one job,
// and tells what became of each: what is received has not been read yet.
const BATCH_FILES = 50;
const BATCH_BYTES = 64 * 1024 * 1024;
const BATCH_LARGEST = 10;
const POLL_MS = 1000;
const ENDS = ["indexed", "unchanged", "failed", "cancelled"];

function batches(entries, maxBytes) {
  const limit = Math.min(BATCH_BYTES, BATCH_LARGEST * maxBytes);
  const made = [];
  let bytes = 0;
  for (const entry of entries) {
    const last = made[made.length - 1];
    if (!last || last.length >= BATCH_FILES || bytes + entry.file.size > limit) {
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
    isThere: () => item.isConnected,
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
    const end = (job, words) => {
      for (const entry of batch) entry.shown.end(job ? "reading" : "refused", words);
      resolve(job);
    };
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/documents");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => share(batch, event.loaded);
    request.onload = () => {
      const accepted = request.status >= 200 && request.status < 300;
      const job = accepted ? JSON.parse(request.responseText).job : null;
      end(job, accepted ? texts.reading : refusal(request, texts));
    };
    request.onerror = () => end(null, texts.network);
    request.send(form);
  });
}

async function itemsOf(job) {
  try {
    const answer = await fetch(`/api/v1/jobs/${job.id}/items?limit=1000`);
    if (answer.status === 401 || answer.status === 404) return null;
    return answer.ok ? await answer.json() : [];
  } catch {
    return []; // the server may be back at the next try
  }
}

// Items stand in the order of the files sent, under names that the server may have changed.
async function follow(batch, job, texts) {
  let open = batch.map((entry, place) => ({ entry, place }));
  while (open.length && open[0].entry.shown.isThere()) {
    const items = await itemsOf(job);
    if (!items) return; // signed out: the page says so
    open = open.filter(({ entry, place }) => {
      const item = items[place];
      if (!item || !ENDS.includes(item.state)) return true;
      entry.shown.end(item.state, item.reason || texts[item.state]);
      return false;
    });
    if (open.length) await new Promise((resolve) => { setTimeout(resolve, POLL_MS); });
  }
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
    const fitting = entries.filter((entry) => entry.file.size <= data.max_bytes);
    for (const entry of entries) {
      if (!fitting.includes(entry)) entry.shown.end("refused", texts.too_large);
    }
    for (const batch of batches(fitting, data.max_bytes)) {
      const job = await send(batch, texts);
      if (!job) continue;
      setTriggerValue("sent", Date.now());
      follow(batch, job, texts);
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
