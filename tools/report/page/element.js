// Elements of the page. Text is always text: what reports say is never read as markup.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined) continue;
    made.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return made;
}

// A colour of its own is a custom property, because the page's policy forbids style attributes.
function coloured(made, color) {
  made.style.background = color;
  return made;
}

function runColor(index) {
  return "var(--run-" + index + ")";
}

function swatch(index) {
  return coloured(element("span", { class: "swatch", "aria-hidden": "true" }), runColor(index));
}

function card(title, caption, ...children) {
  return element("section", { class: "card" }, element("h2", {}, title), caption ? element("p", { class: "caption" }, caption) : null, ...children);
}

// Columns are [text, "number" or "text"]; a row is an array of cells, each text or nodes.
function dataTable(columns, rows) {
  const head = columns.some(([text]) => text !== "")
    ? element("thead", {}, element("tr", {}, columns.map(([content, kind]) => element("th", { class: kind, scope: "col" }, content))))
    : null;
  const body = rows.map((cells) => {
    if (cells.length === 1) {
      return element("tr", { class: "part" }, element("th", { colspan: columns.length, scope: "colgroup" }, cells[0]));
    }
    return element(
      "tr",
      {},
      cells.map((cell, i) => (i === 0 ? element("th", { scope: "row" }, cell) : element("td", { class: columns[i][1] }, cell)))
    );
  });
  return element("div", { class: "scroll", tabindex: "0" }, element("table", { class: columns.length > 3 ? "data many" : "data" }, head, element("tbody", {}, body)));
}
