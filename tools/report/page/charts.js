// The charts of a page, each with what it says. With several runs each run has its colour, and a
// dash tells the measures; with one run each measure has a colour.

const kFewRuns = 3; // beyond, a chart begins with one line a run; the legend shows the others

const secondsAxis = {
  name: "at",
  label: "seconds since the start",
  text: (value) => numberText(value, 6),
  fullText: (value) => numberText(value, 6) + "\u00a0s",
};
const overTime = (chart) => ({ ...chart, x: secondsAxis, sync: "time" });

// Lines of each measure for every run.
function linesOf(runs, measures) {
  const isOne = runs.length === 1;
  return runs.flatMap((run) =>
    measures.map((measure, i) => ({
      scale: "y",
      ...measure,
      label: isOne ? measure.label : run.name + " " + measure.label,
      x: measure.xOf(run),
      y: measure.yOf(run),
      color: "--run-" + (isOne ? measure.color ?? i : run.index),
      hidden: runs.length > (measure.shownUpTo ?? runs.length),
    }))
  );
}

const seriesMeasure = (label, name, rest) => ({ label, xOf: (run) => run.series.t, yOf: (run) => run.series[name], ...rest });

const hasSeries = (runs) => runs.some((run) => run.series.t.length > 0);

function throughputChart(runs) {
  if (!hasSeries(runs)) return null;
  return new Chart(overTime({
    title: throughputTitle(runs),
    caption: "Throughput over time, in packets a second" + (runs.some((run) => run.steps.length > 0) ? ", with the pauses between steps in it" : ""),
    scales: { y: { label: "packets/s", text: (value) => numberText(value, 4) } },
    lines: linesOf(runs, [
      seriesMeasure("sent", "sent"),
      seriesMeasure("received", "received", { dash: "dashed", width: 1.5, shownUpTo: kFewRuns }),
    ]),
  }));
}

function lossChart(runs) {
  if (!hasSeries(runs) || runs.every((run) => run.unanswered === null)) return null;
  return new Chart(overTime({
    title: lossTitle(runs),
    caption: "Of the packets sent in each interval, the share that was never answered, for whatever reason; of those due, the share that was never sent",
    scales: { y: { label: "percent", text: (value) => percentText(value, 3) } },
    lines: linesOf(runs, [
      seriesMeasure("lost", "lost", { fill: runs.length === 1, stepped: 1, color: 6 }),
      seriesMeasure("never sent", "missed", { dash: "dotted", width: 1.5, stepped: 1, color: 4, shownUpTo: kFewRuns }),
    ]),
  }));
}

// A chart of what has an answer, or nothing where no run has one.
const withLatency = (runs, make) => (runs.some((run) => run.hasLatency) ? make() : null);
const latencyScale = { label: "round trip", text: (value) => latencyText(value), mayBeLog: true };

function latencyChart(runs) {
  return withLatency(runs, () => new Chart(overTime({
    title: latencyOverTimeTitle(runs),
    caption: "Round trip over time, of packets sent in each interval, from the time that the schedule meant",
    scales: { y: latencyScale },
    lines: linesOf(runs, [
      seriesMeasure("p50", "p50", { color: 2, dash: "dotted", shownUpTo: kFewRuns }),
      seriesMeasure("p99", "p99", { color: 0 }),
      seriesMeasure("max", "max", { color: 1, width: 1.25, shownUpTo: 1, dash: "dashed" }),
    ]),
  })));
}

const curveMeasure = (label, name, rest) => ({ label, xOf: (run) => run[name].x, yOf: (run) => run[name].y, stepped: -1, points: false, ...rest });

function percentileAxis(runs, names) {
  const most = largestOf(runs.flatMap((run) => names.map((name) => largestOf(run[name].x)))) || 1;
  return {
    name: "of packets",
    label: "share of packets, towards all of them",
    text: percentileText,
    fullText: (nines) => numberText(100 * (1 - 10 ** -nines), 7) + "\u00a0%",
    range: () => [0, most],
    splits: () => Array.from({ length: Math.floor(most) + 1 }, (unused, i) => i),
  };
}

function percentileChart(runs) {
  return withLatency(runs, () => new Chart({
    title: percentileTitle(runs),
    caption: "Round trip that a share of packets does not exceed. Corrected: from the time that the schedule meant. Uncorrected: as a client that waits for each answer would have measured",
    x: percentileAxis(runs, ["corrected", "uncorrected"]),
    scales: { y: latencyScale },
    lines: linesOf(runs, [
      curveMeasure("corrected", "corrected", { color: 0 }),
      curveMeasure("uncorrected", "uncorrected", { color: 1, dash: "dashed", width: 1.5, shownUpTo: 1 }),
    ]).filter((line) => line.x.length > 0),
  }));
}

function latenessChart(runs) {
  if (runs.every((run) => run.lateness.total === 0)) return null;
  return new Chart({
    title: latenessTitle(runs),
    caption: "The generator's own lateness: how long after its time each packet was sent",
    x: percentileAxis(runs, ["lateness"]),
    scales: { y: { label: "lateness", text: (value) => latencyText(value), mayBeLog: true } },
    lines: linesOf(runs, [curveMeasure("late", "lateness", { color: 3 })]).filter((line) => line.x.length > 0),
  });
}

function clientsChart(runs) {
  const varies = (run) => largestOf(run.series.clients) !== smallestOf(run.series.clients);
  if (!runs.some(varies)) return null;
  return new Chart(overTime({
    title: clientsTitle(runs),
    caption: "Clients connected over time",
    scales: { y: { label: "clients", text: (value) => numberText(value, 4) } },
    lines: linesOf(runs, [seriesMeasure("clients", "clients", { stepped: 1 })]),
  }));
}

// The worst of the steps of one rate, by rate.
function stepColumns(run) {
  const rates = [...new Set(run.steps.map((step) => step.offered_per_s))];
  const worst = (rate, name) => largestOf(run.steps.filter((step) => step.offered_per_s === rate).map((step) => step[name]));
  return {
    x: rates,
    p99: rates.map((rate) => worst(rate, "p99_us")),
    lost: rates.map((rate) => worst(rate, "lost_percent")),
  };
}

function drawUpright(plot, value, text, color) {
  const { left, top, width, height } = plot.bbox;
  const at = plot.valToPos(value, "x", true);
  if (at < left || at > left + width) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at, top);
  ctx.lineTo(at, top + height);
  ctx.stroke();
  const isRight = at > left + width / 2;
  ctx.font = 12 * devicePixelRatio + "px system-ui, sans-serif";
  ctx.textAlign = isRight ? "right" : "left";
  ctx.fillText(text, at + (isRight ? -5 : 5) * devicePixelRatio, top + 12 * devicePixelRatio);
  ctx.restore();
}

function drawLevel(plot, scale, value, color) {
  const { left, top, width, height } = plot.bbox;
  const at = plot.valToPos(value, scale, true);
  if (!(at >= top && at <= top + height)) return;
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, at);
  ctx.lineTo(left + width, at);
  ctx.stroke();
  ctx.restore();
}

function stepsChart(runs) {
  const stepped = runs.filter((run) => run.steps.length > 0);
  if (stepped.length === 0) return null;
  const columns = new Map(stepped.map((run) => [run, stepColumns(run)]));
  const column = (label, name, rest) => ({
    label,
    xOf: (run) => columns.get(run).x,
    yOf: (run) => columns.get(run)[name],
    points: true,
    ...rest,
  });
  const isOne = runs.length === 1;
  return new Chart({
    title: stepsTitle(stepped),
    caption: "p99 and loss of each step by the rate that was offered" + (isOne && stepped[0].findMax ? "; dotted lines are the goal" : ""),
    x: { name: "offered", label: "offered packets/s", text: (value) => numberText(value, 4), fullText: rateText },
    scales: {
      y: { label: "p99 round trip", text: (value) => latencyText(value), mayBeLog: true },
      loss: { label: "lost", text: (value) => percentText(value, 3) },
    },
    lines: isOne
      ? linesOf(stepped, [column("p99", "p99", { color: 0 }), column("lost", "lost", { color: 6, scale: "loss", dash: "dashed" })])
      : linesOfSome(runs, stepped, [column("p99", "p99"), column("lost", "lost", { scale: "loss", dash: "dashed", width: 1.5 })]),
    overlay: (plot, color) => {
      for (const run of stepped) {
        const own = color("--run-" + (isOne ? 2 : run.index));
        if (run.knee !== null) drawUpright(plot, run.knee, isOne ? "knee " + rateText(run.knee) : "", own);
        if (!isOne || !run.findMax) continue;
        const goal = run.findMax.goal;
        if (goal.p99_us !== null) drawLevel(plot, "y", goal.p99_us, color("--run-0"));
        if (goal.loss_percent !== null) drawLevel(plot, "loss", goal.loss_percent, color("--run-6"));
      }
    },
  });
}

// Of some of several runs, with the colours and names that they have among all.
function linesOfSome(runs, some, measures) {
  const lines = linesOf([...some, ...(some.length === 1 ? some : [])], measures);
  return some.length === 1 ? lines.slice(0, measures.length) : lines;
}
