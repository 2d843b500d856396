// Sends one file from the browser straight to the API; the page tells what the API says.
export default function ({ data, parentElement, setTriggerValue }) {
  const texts = data.texts;
  const root = parentElement.querySelector(".upload");
  const input = root.querySelector("input");
  const button = root.querySelector("button");
  const state = root.querySelector("[role=status]");
  button.textContent = texts.pick;
  root.querySelector(".drop").textContent = texts.drop;
  root.querySelector(".formats").textContent = texts.formats;
  root.setAttribute("aria-label", texts.region);
  input.setAttribute("aria-label", texts.pick);
  input.accept = data.accept;

  const take = (files) => {
    if (!files.length || button.disabled) return;
    let body = files[0];
    if (!data.is_raw) {
      body = new FormData();
      for (const file of files) body.append("files", file, file.name);
    }
    const end = (status, body) => {
      state.textContent = "";
      button.disabled = false;
      setTriggerValue("answer", { status, body, at: Date.now() });
    };
    button.disabled = true;
    state.textContent = texts.sending;
    fetch(data.url, {
      method: data.method, body, headers: { Accept: "application/json" },
    }).then(async (answer) => end(answer.status, await answer.text()), () => end(0, ""));
  };

  button.onclick = () => input.click();
  input.onchange = () => { take(Array.from(input.files)); input.value = ""; };
  root.ondragover = (event) => { event.preventDefault(); root.classList.add("over"); };
  root.ondragleave = () => root.classList.remove("over");
  root.ondrop = (event) => {
    event.preventDefault();
    root.classList.remove("over");
    take(Array.from(event.dataTransfer.files));
  };
}
