// Sends files from the browser straight to the API. Each is told by its SHA-256 before it is sent: what
// is there already is not sent, and what was cut goes on where it stopped, also after a reload once the
// same file is picked again. What is received has not been read yet: the job tells what became of it.
const BATCH_FILES = 50;
const HASHED_BYTES = 4 * 1024 * 1024;
const PART_BYTES = 8 * 1024 * 1024;
const POLL_MS = 1000;
const WAITS_S = [1, 2, 4, 8, 15, 30, 30, 30, 60, 60, 60];
const ENDS = ["indexed", "unchanged", "failed", "cancelled"];
const WAITING = "awaiting_file";

// SHA-256 (FIPS 180-4) of a stream: what browsers offer takes whole files in memory, on HTTPS alone.
function primes(count) {
  const found = [];
  for (let each = 2; found.length < count; each += 1) {
    if (found.every((prime) => each % prime)) found.push(each);
  }
  return found;
}
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) | 0;
const ROUNDS = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

class Sha256 {
  constructor() {
    this.state = START.slice();
    this.rest = new Uint8Array(64);
    this.kept = 0;
    this.length = 0;
    this.words = new Int32Array(64);
  }

  update(bytes) {
    this.length += bytes.length;
    let at = 0;
    if (this.kept) {
      at = Math.min(64 - this.kept, bytes.length);
      this.rest.set(bytes.subarray(0, at), this.kept);
      this.kept += at;
      if (this.kept < 64) return this;
      this.block(this.rest, 0);
      this.kept = 0;
    }
    for (; at + 64 <= bytes.length; at += 64) this.block(bytes, at);
    this.rest.set(bytes.subarray(at));
    this.kept = bytes.length - at;
    return this;
  }

  block(bytes, at) {
    const { words, state } = this;
    for (let i = 0; i < 16; i += 1) {
      const b = at + 4 * i;
      words[i] = (bytes[b] << 24) | (bytes[b + 1] << 16) | (bytes[b + 2] << 8) | bytes[b + 3];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = words[i - 15];
      const y = words[i - 2];
      const s = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const t = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16] + s + words[i - 7] + t) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i += 1) {
      const s = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const one = (h + s + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
      const t = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const two = (t + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g; g = f; f = e; e = (d + one) | 0;
      d = c; c = b; b = a; a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => { state[i] = (state[i] + value) | 0; });
  }

  hex() {
    const bits = this.length * 8;
    const end = new Uint8Array(this.kept < 56 ? 64 - this.kept : 128 - this.kept);
    end[0] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(bits / 2 ** 32));
    view.setUint32(end.length - 4, bits >>> 0);
    this.update(end);
    return Array.from(this.state, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }
}

async function hashed(file, shown, texts) {
  const hash = new Sha256();
  shown.say(texts.checking);
  for (let at = 0; at < file.size; at += HASHED_BYTES) {
    hash.update(new Uint8Array(await file.slice(at, at + HASHED_BYTES).arrayBuffer()));
    shown.progress(Math.min(1, (at + HASHED_BYTES) / file.size));
  }
  shown.progress(0);
  return hash.hex();
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
  state.textContent = texts.waiting;
  item.append(name, bar, state);
  list.append(item);
  return {
    isThere: () => item.isConnected,
    progress: (share) => { bar.value = share; },
    say: (words) => { state.textContent = words; },
    end: (kind, words) => {
      item.className = kind;
      bar.remove();
      state.textContent = words;
    },
    offer: (words, act) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet";
      button.textContent = words;
      button.onclick = () => { button.remove(); item.insertBefore(bar, state); act(); };
      item.append(button);
    },
  };
}

const pause = (seconds) => new Promise((resolve) => { setTimeout(resolve, 1000 * seconds); });

// Status 0 when the service cannot be reached.
function ask(method, url, { body = null, headers = {}, progress = null } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (progress) request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => resolve(request);
    request.onerror = () => resolve(request);
    request.send(body);
  });
}

const post = (url, value) => ask("POST", url, {
  body: JSON.stringify(value), headers: { "Content-Type": "application/json" },
});
const isFine = (request) => request.status >= 200 && request.status < 300;
const isPassing = (request) => request.status === 0 || request.status >= 502;

function refusal(request, texts) {
  if (request.status === 0) return texts.network;
  if (request.status === 401) return texts.session;
  try {
    return JSON.parse(request.responseText).detail || texts.refused;
  } catch {
    return `${texts.refused} (${request.status})`;
  }
}

// Sends what the service does not have of a file; the answer that ended it.
async function sendParts(entry, url, texts) {
  const { file, shown } = entry;
  let tries = 0;
  for (;;) {
    const told = await ask("HEAD", url, { headers: { "Tus-Resumable": "1.0.0" } });
    let last = told;
    if (isFine(told)) {
      let offset = Number(told.getResponseHeader("Upload-Offset"));
      if (offset) shown.say(offset < file.size ? texts.resuming : texts.sending);
      else shown.say(texts.sending);
      while (offset < file.size || file.size === 0) {
        const start = offset;
        last = await ask("PATCH", url, {
          body: file.slice(start, start + PART_BYTES),
          headers: {
            "Tus-Resumable": "1.0.0",
            "Content-Type": "application/offset+octet-stream",
            "Upload-Offset": String(start),
          },
          progress: (sent) => shown.progress(Math.min(1, (start + sent) / (file.size || 1))),
        });
        if (!isFine(last)) break;
        offset = Number(last.getResponseHeader("Upload-Offset"));
        tries = 0;
        if (file.size === 0) break;
      }
      if (isFine(last)) return last;
    }
    const isToRetry = isPassing(last) || (last.status === 409 && last !== told);
    if (!isToRetry || tries >= WAITS_S.length) return last;
    shown.say(texts.cut);
    await pause(WAITS_S[tries]);
    tries += 1;
  }
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

// Items stand in the order of the files announced, under names that the server may have changed.
async function follow(batch, job, texts) {
  let open = batch.map((entry, place) => ({ entry, place }));
  while (open.length && open[0].entry.shown.isThere()) {
    const items = await itemsOf(job);
    if (!items) return; // signed out: the page says so
    open = open.filter(({ entry, place }) => {
      const item = items[place];
      if (!item || entry.ended) return !entry.ended;
      if (!ENDS.includes(item.state)) return true;
      entry.shown.end(item.state, item.reason || texts[item.state]);
      entry.ended = true;
      return false;
    });
    if (open.length) await pause(POLL_MS / 1000);
  }
}

function refuse(entries, words) {
  for (const entry of entries) {
    entry.shown.end("refused", words);
    entry.ended = true;
  }
}

async function sendBatch(batch, texts, onSent) {
  const files = batch.map(({ file, sha256 }) => ({ name: file.name, sha256, size_bytes: file.size }));
  const answer = await post("/api/v1/jobs", { source: "upload", files });
  if (!isFine(answer)) {
    refuse(batch, refusal(answer, texts));
    return;
  }
  const { job } = JSON.parse(answer.responseText);
  onSent();
  const items = (await itemsOf(job)) || [];
  follow(batch, job, texts);
  for (const [place, entry] of batch.entries()) {
    const item = items[place];
    if (item && item.state === WAITING) {
      const ended = await sendParts(entry, `/api/v1/jobs/${job.id}/items/${item.id}/content`, texts);
      if (isFine(ended)) entry.shown.say(texts.reading);
      // the job tells better why a file is no longer waited for
      else if (ended.status !== 409 && !entry.ended) refuse([entry], refusal(ended, texts));
    } else if (!entry.ended) entry.shown.say(texts.reading);
  }
}

// Files whose content a document of another name has: nothing of them is sent unless that is meant.
async function withoutHeld(entries, texts, send) {
  const hashes = [...new Set(entries.map((entry) => entry.sha256))];
  const answer = await post("/api/v1/documents/held", { sha256: hashes });
  const held = isFine(answer) ? JSON.parse(answer.responseText) : [];
  return entries.filter((entry) => {
    const same = held.filter((each) => each.sha256 === entry.sha256);
    if (!same.length || same.some((each) => each.name === entry.file.name)) return true;
    entry.shown.end("held", `${texts.held} ${same[0].name}`);
    entry.shown.offer(texts.anyway, () => send([entry]));
    return false;
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

  const send = (entries) => sendBatch(entries, texts, () => setTriggerValue("sent", Date.now()));
  const take = async (files) => {
    const entries = Array.from(files).map((file) => ({ file, shown: line(list, file, texts) }));
    const fitting = entries.filter((entry) => entry.file.size <= data.max_bytes);
    refuse(entries.filter((entry) => !fitting.includes(entry)), texts.too_large);
    for (let at = 0; at < fitting.length; at += BATCH_FILES) {
      const batch = [];
      for (const entry of fitting.slice(at, at + BATCH_FILES)) {
        try {
          entry.sha256 = await hashed(entry.file, entry.shown, texts);
          entry.shown.say(texts.waiting);
          batch.push(entry);
        } catch {
          refuse([entry], texts.unreadable);
        }
      }
      const wanted = await withoutHeld(batch, texts, send);
      if (wanted.length) await send(wanted);
    }
  };

  button.onclick = () => input.click();
  input.onchange = () => { take([...input.files]); input.value = ""; };
  root.ondragover = (event) => { event.preventDefault(); root.classList.add("over"); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = (event) => {
    event.preventDefault();
    root.classList.remove("over");
    take([...event.dataTransfer.files]);
  };
}
