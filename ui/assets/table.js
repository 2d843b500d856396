// The table of documents: a real table, filled with text nodes only, its buttons reported to the page.
function cell(tag, words, css) {
  const element = document.createElement(tag);
  if (css) element.className = css;
  if (words !== undefined) element.textContent = words;
  return element;
}

function head(texts) {
  const row = document.createElement("tr");
  for (const words of texts.columns) {
    const element = cell("th", words);
    element.scope = "col";
    row.append(element);
  }
  return row;
}

function nameCell(row, texts) {
  const element = cell("th", undefined, "document");
  element.scope = "row";
  const link = cell("a", row.title);
  link.href = row.url;
  link.setAttribute("download", "");
  link.setAttribute("aria-label", row.open_label);
  element.append(link);
  if (row.name !== row.title) element.append(cell("span", row.name, "file"));
  if (row.reason) element.append(cell("span", row.reason, "reason"));
  if (row.quality) element.append(quality(row.quality));
  for (const notice of row.notices) element.append(cell("span", notice, "notice"));
  return element;
}

function quality(found) {
  const element = cell("details", undefined, `quality ${found.level}`);
  element.append(cell("summary", found.label));
  for (const words of found.warnings) element.append(cell("p", words, "advice"));
  const facts = document.createElement("ul");
  for (const words of found.facts) facts.append(cell("li", words));
  element.append(facts);
  return element;
}

function actions(row, texts, report) {
  const element = cell("td", undefined, "actions");
  const stack = cell("div", undefined, "stack");
  element.append(stack);
  for (const [name, words, label] of [
    ["reindex", texts.reindex, row.reindex_label],
    ["delete", texts.delete, row.delete_label],
  ]) {
    const button = cell("button", words);
    button.type = "button";
    button.setAttribute("aria-label", label);
    button.dataset.action = name;
    button.onclick = () => report(name, row.id);
    stack.append(button);
  }
  return element;
}

function line(row, texts, report) {
  const element = document.createElement("tr");
  element.dataset.id = row.id;
  const state = cell("td", undefined, "state");
  state.append(cell("span", row.state_label, `badge ${row.state}`));
  element.append(
    nameCell(row, texts), state, cell("td", row.format), cell("td", row.pages, "number"),
    cell("td", row.chunks, "number"), cell("td", row.date), actions(row, texts, report),
  );
  return element;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector("table");
  const report = (name, id) => setTriggerValue("action", { name, id, at: Date.now() });
  const shown = JSON.stringify(data);
  if (table.shown === shown) return;
  const focused = (parentElement.activeElement || document.activeElement)?.closest?.("tr")?.dataset.id;
  const action = (parentElement.activeElement || document.activeElement)?.dataset?.action;
  table.shown = shown;
  table.querySelector("caption").textContent = data.texts.caption;
  table.querySelector("thead").replaceChildren(head(data.texts));
  table.querySelector("tbody").replaceChildren(
    ...data.rows.map((row) => line(row, data.texts, report)),
  );
  if (focused && action) {
    const row = Array.from(table.querySelectorAll("tbody tr")).find((one) => one.dataset.id === focused);
    row?.querySelector(`button[data-action="${action}"]`)?.focus();
  }
}
