// The numbers of the page, as files that it makes itself.

// A cell that a spreadsheet does not take for a formula.
function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csvOf(rows) {
  return rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

function seriesCsv(runs) {
  const columns = ["t", "sent", "received", "answered", "lost", "send_missed", "p50_us", "p99_us", "max_us", "clients"];
  const rows = runs.flatMap((run) => run.report.series.points.map((point) => [run.name, ...columns.map((name) => point[name])]));
  return csvOf([["run", ...columns], ...rows]);
}

function percentilesCsv(runs) {
  const kinds = [["corrected", "corrected"], ["uncorrected", "uncorrected"], ["lateness", "lateness"]];
  const rows = runs.flatMap((run) =>
    kinds.flatMap(([label, name]) => run[name].x.map((nines, i) => [run.name, label, 100 * (1 - 10 ** -nines), run[name].y[i]]))
  );
  return csvOf([["run", "kind", "percentile", "us"], ...rows]);
}

// Every number of the reports that is no part of a list.
function summaryCsv(runs) {
  const flat = (value, path) =>
    Array.isArray(value) ? [] : value !== null && typeof value === "object"
      ? Object.entries(value).flatMap(([name, inner]) => flat(inner, path ? path + "." + name : name))
      : [[path, value]];
  const tables = runs.map((run) => new Map(flat(run.report, "")));
  const paths = [...new Set(tables.flatMap((table) => [...table.keys()]))];
  const text = (value) => (typeof value === "boolean" ? String(value) : value);
  return csvOf([["field", ...runs.map((run) => run.name)], ...paths.map((path) => [path, ...tables.map((table) => text(table.get(path)))])]);
}

function jsonOf(runs) {
  const reports = runs.map((run) => run.source);
  return JSON.stringify(reports.length === 1 ? reports[0] : reports, null, 2) + "\n";
}

function save(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function downloadButtons(runs) {
  const files = [
    ["Time series (CSV)", "ringpeer-series.csv", "text/csv", seriesCsv],
    ["Percentiles (CSV)", "ringpeer-percentiles.csv", "text/csv", percentilesCsv],
    ["Summary (CSV)", "ringpeer-summary.csv", "text/csv", summaryCsv],
    [runs.length === 1 ? "Report (JSON)" : "Reports (JSON)", "ringpeer-report.json", "application/json", jsonOf],
  ];
  const buttons = files.map(([label, name, type, make]) =>
    element("button", { type: "button", "data-file": name, onclick: () => save(name, type, make(runs)) }, label)
  );
  buttons.push(element("button", { type: "button", onclick: () => print() }, "Print"));
  return element("div", { class: "buttons" }, buttons);
}
