// One chart: lines over an axis that they share, drawn by uPlot, again when colours or width change.

const kPrintWidth = 660; // of a card on A4, in CSS pixels
const kLogFrom = 30; // largest to smallest value, from which an axis of latency is logarithmic
const kDashes = { solid: undefined, dashed: [7, 4], dotted: [2, 3] };

const charts = []; // of the page, in its order
let isPrinting = false;

function colorOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const kTextGap = 6; // between two texts below, in CSS pixels

// Texts below the chart; one that would run into the one before is left out.
function textsBelow(plot, splits, write) {
  plot.ctx.font = plot.axes[0].font[0];
  let end = -Infinity;
  return splits.map((value) => {
    if (value === null) return "";
    const text = write(value);
    const half = plot.ctx.measureText(text).width / devicePixelRatio / 2;
    const at = plot.valToPos(value, "x");
    if (at - half < end + kTextGap) return "";
    end = at + half;
    return text;
  });
}

// As wide as the longest text on the axis.
function axisSize(plot, values, index, cycle) {
  const axis = plot.axes[index];
  if (cycle > 1) return axis._size;
  const longest = (values || []).reduce((a, b) => (b && b.length > a.length ? b : a), "");
  plot.ctx.font = axis.font[0];
  return Math.ceil(axis.ticks.size + axis.gap + plot.ctx.measureText(longest).width / devicePixelRatio) + 2;
}

function linearRange(plot, least, most) {
  return [0, most > 0 ? most * 1.08 : 1];
}

function logRange(plot, least, most) {
  return least === null || most === null ? [1, 10] : uPlot.rangeLog(Math.max(least, 1e-3), Math.max(most, 1e-3), 10, false);
}

// Lines that share their x are one table; uPlot joins those that do not.
function tablesOf(lines) {
  const tables = new Map();
  for (const line of lines) {
    if (!tables.has(line.x)) tables.set(line.x, [line.x]);
    tables.get(line.x).push(line.y);
  }
  return [...tables.values()];
}

// A chart has: title and caption; x: {label, text, range?, splits?}; scales: {name: {label, text, mayBeLog?}},
// the first on the left; lines: {label, x, y, scale, color, dash?, width?, fill?, stepped?, hidden?};
// overlay?(plot, color of a name): draws beside the lines.
class Chart {
  constructor(description) {
    this.description = description;
    this.lines = [...description.lines].sort((a, b) => this.order(a) - this.order(b));
    this.isLog = this.isBetterLog();
    this.host = element("div", { class: "chart" });
    this.plot = null;
    this.width = 0;
    charts.push(this);
  }

  // tablesOf() keeps lines of one x together, and so must the order of the series.
  order(line) {
    return this.description.lines.findIndex((other) => other.x === line.x);
  }

  mayBeLog() {
    return Object.values(this.description.scales).some((scale) => scale.mayBeLog);
  }

  isBetterLog() {
    if (!this.mayBeLog()) return false;
    const shown = this.lines.filter((line) => !line.hidden && this.description.scales[line.scale].mayBeLog);
    const least = smallestOf(shown.map((line) => smallestOf(line.y.filter((value) => value > 0))));
    const most = largestOf(shown.map((line) => largestOf(line.y)));
    return least !== null && most / least > kLogFrom;
  }

  node() {
    const { title, caption } = this.description;
    const button = this.mayBeLog()
      ? element("button", { type: "button", "aria-pressed": String(this.isLog), onclick: () => this.switchLog(button) }, "log scale")
      : null;
    return element(
      "section",
      { class: "card" },
      element("div", { class: "chart-head" }, element("h2", {}, title), button),
      element("p", { class: "caption" }, caption),
      this.host
    );
  }

  switchLog(button) {
    this.isLog = !this.isLog;
    button.setAttribute("aria-pressed", String(this.isLog));
    this.draw();
  }

  // Colours and size of this moment.
  draw() {
    const width = isPrinting ? kPrintWidth : Math.floor(this.host.clientWidth);
    if (width < 50) return;
    const hidden = this.plot ? this.plot.series.map((series) => series.show === false) : [];
    if (this.plot) this.plot.destroy();
    this.width = width;
    const tables = tablesOf(this.lines);
    const data = tables.length === 1 ? tables[0] : uPlot.join(tables);
    this.plot = new uPlot(this.options(width, hidden), data, this.host);
    const canvas = this.plot.root.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", this.description.title + ". " + this.description.caption);
  }

  fit() {
    if (!isPrinting && Math.floor(this.host.clientWidth) !== this.width) this.draw();
  }

  options(width, hidden) {
    const { x, scales, overlay, sync } = this.description;
    const scaleOptions = { x: { time: false, range: x.range } };
    for (const [name, scale] of Object.entries(scales)) {
      const isLog = scale.mayBeLog && this.isLog;
      scaleOptions[name] = { distr: isLog ? 3 : 1, range: isLog ? logRange : linearRange };
    }
    return {
      width,
      height: width < 500 ? 230 : 280,
      padding: [8, 26, 0, 0], // room for half of the last text below
      scales: scaleOptions,
      axes: this.axes(),
      series: [
        { label: x.name, value: (plot, value) => (value === null || value === undefined ? "" : (x.fullText || x.text)(value)) },
        ...this.lines.map((line, i) => this.series(line, hidden[i + 1])),
      ],
      cursor: { sync: sync ? { key: sync } : undefined, points: { size: 7 }, drag: { x: true, y: false } },
      legend: {
        markers: {
          width: 3,
          fill: () => "transparent",
          dash: (plot, i) => (plot.series[i].dash ? "dashed" : "solid"),
        },
      },
      hooks: overlay ? { draw: [(plot) => overlay(plot, colorOf)] } : {},
    };
  }

  axes() {
    const { x, scales } = this.description;
    const common = {
      stroke: colorOf("--soft"),
      font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif",
      labelSize: 18,
      labelGap: 2,
      gap: 4,
      ticks: { size: 4, stroke: colorOf("--line"), width: 1 },
    };
    const grid = { stroke: colorOf("--grid"), width: 1 };
    const text = (write) => (plot, splits) => splits.map((value) => (value === null ? "" : write(value)));
    return [
      { ...common, grid, label: x.label, size: 26, values: (plot, splits) => textsBelow(plot, splits, x.text), splits: x.splits },
      ...Object.entries(scales).map(([name, scale], i) => ({
        ...common,
        scale: name,
        side: i === 0 ? 3 : 1,
        grid: i === 0 ? grid : { show: false },
        label: scale.label,
        size: axisSize,
        values: text(scale.text),
      })),
    ];
  }

  // One value alone makes no line.
  points(line) {
    return { show: line.points ?? knownOf(line.y).length === 1 };
  }

  series(line, isHidden) {
    const scale = this.description.scales[line.scale];
    const stroke = colorOf(line.color);
    return {
      label: line.label,
      scale: line.scale,
      stroke,
      width: line.width || 2,
      dash: kDashes[line.dash || "solid"],
      fill: line.fill ? stroke + "26" : undefined,
      paths: line.stepped ? uPlot.paths.stepped({ align: line.stepped }) : undefined,
      points: { ...this.points(line), size: 7, fill: stroke },
      show: isHidden === undefined ? !line.hidden : !isHidden,
      // Nothing where nobody points.
      value: (plot, value, i, at) => (at === null ? "" : value === null || value === undefined ? kUnknown : scale.text(value)),
    };
  }
}

function drawAll() {
  for (const chart of charts) chart.draw();
}

// Draws what stands in the page now, and again whenever it has to look different.
function keepDrawn() {
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) charts.find((chart) => chart.host === entry.target).fit();
  });
  for (const chart of charts) {
    chart.draw();
    observer.observe(chart.host);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("beforeprint", () => setPrinting(true));
  addEventListener("afterprint", () => setPrinting(false));
}

// Paper is white and narrow.
function setPrinting(printing) {
  isPrinting = printing;
  document.documentElement.classList.toggle("printing", printing);
  for (const part of document.querySelectorAll("details")) part.open = printing || part.dataset.open === "1";
  drawAll();
}
