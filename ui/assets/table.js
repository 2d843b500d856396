// The table of documents: a real table, filled with text nodes only, its buttons reported to the page.
function cell(tag, words, css) {
  const element = document.createElement(tag);
  if (css) element.className = css;
  if (words !== undefined) element.textContent = words;
  return element;
}

function box(label, id) {
  const element = document.createElement("input");
  element.type = "checkbox";
  element.setAttribute("aria-label", label);
  if (id) element.dataset.select = id;
  return element;
}

function head(texts) {
  const row = document.createElement("tr");
  for (const [place, words] of texts.columns.entries()) {
    const element = cell("th", place ? words : undefined);
    element.scope = "col";
    if (!place) element.append(box(texts.select_all));
    row.append(element);
  }
  return row;
}

function nameCell(row, report) {
  const element = cell("th", undefined, "document");
  element.scope = "row";
  const link = cell("a", row.title);
  link.href = row.page_url;
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    report("open", [row.id]);
  };
  element.append(link);
  if (row.corrected) element.append(cell("span", row.corrected, "corrected"));
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
    button.onclick = () => report(name, [row.id]);
    stack.append(button);
  }
  const original = cell("a", texts.download, "download");
  original.href = row.url;
  original.setAttribute("download", "");
  original.setAttribute("aria-label", row.download_label);
  stack.append(original);
  return element;
}

function line(row, texts, report) {
  const element = document.createElement("tr");
  element.dataset.id = row.id;
  const select = cell("td", undefined, "select");
  select.append(box(row.select_label, row.id));
  const state = cell("td", undefined, "state");
  state.append(cell("span", row.state_label, `badge ${row.state}`));
  element.append(
    select, nameCell(row, report), state, cell("td", row.format), cell("td", row.pages, "number"),
    cell("td", row.chunks, "number"), cell("td", row.date), actions(row, texts, report),
  );
  return element;
}

// What can be done with all documents that are selected; hidden while there are none.
function drawBulk(bulk, table, texts, report) {
  const ids = [...table.chosen];
  bulk.hidden = !ids.length;
  const count = cell("span", texts.selected.replace("{count}", ids.length));
  count.setAttribute("role", "status");
  const buttons = ["reindex", "exclude", "include"].map((name) => {
    const button = cell("button", texts[name]);
    button.type = "button";
    button.dataset.bulk = name;
    button.onclick = () => report(name, ids);
    return button;
  });
  bulk.replaceChildren(count, ...buttons);
}

// Which documents are selected survives a table that is drawn again, as far as they are still shown.
function follow(bulk, table, texts, report) {
  const boxes = Array.from(table.querySelectorAll("input[data-select]"));
  const all = table.querySelector("thead input");
  const shown = new Set(boxes.map((one) => one.dataset.select));
  table.chosen = new Set([...(table.chosen || [])].filter((id) => shown.has(id)));
  const draw = () => {
    for (const one of boxes) one.checked = table.chosen.has(one.dataset.select);
    all.checked = table.chosen.size > 0 && table.chosen.size === boxes.length;
    all.indeterminate = table.chosen.size > 0 && !all.checked;
    drawBulk(bulk, table, texts, report);
  };
  for (const one of boxes) {
    one.onchange = () => {
      table.chosen[one.checked ? "add" : "delete"](one.dataset.select);
      draw();
    };
  }
  all.onchange = () => {
    table.chosen = all.checked ? shown : new Set();
    draw();
  };
  draw();
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = parentElement.querySelector("table");
  const bulk = parentElement.querySelector(".bulk");
  const report = (name, ids) => {
    setTriggerValue("action", { name, ids: [...ids], at: Date.now() });
  };
  const shown = JSON.stringify(data);
  if (table.shown === shown) return;
  const focused = (parentElement.activeElement || document.activeElement)?.closest?.("tr")?.dataset.id;
  const held = (parentElement.activeElement || document.activeElement)?.dataset;
  const action = held?.action;
  table.shown = shown;
  table.querySelector("caption").textContent = data.texts.caption;
  table.querySelector("thead").replaceChildren(head(data.texts));
  table.querySelector("tbody").replaceChildren(
    ...data.rows.map((row) => line(row, data.texts, report)),
  );
  follow(bulk, table, data.texts, report);
  if (focused && (action || held?.select)) {
    const row = Array.from(table.querySelectorAll("tbody tr")).find((one) => one.dataset.id === focused);
    const wanted = action ? `button[data-action="${action}"]` : "input[data-select]";
    row?.querySelector(wanted)?.focus();
  }
}
