// The tables of a page. With several runs each has a column for every run.

// The columns for the runs: the name alone where there is one.
function runColumns(runs, first, kind) {
  const heads = runs.length === 1 ? [["", kind]] : runs.map((run) => [[swatch(run.index), run.name], kind]);
  return [[first, "text"], ...heads];
}

// With the ratio to the first run below.
function withRatio(text, value, first, isFirst) {
  const ratio = isFirst || value === null || value === undefined || !first ? "" : ratioText(value / first);
  return [text, element("span", { class: "beside" }, ratio)];
}

function ratioRow(runs, label, valueOf, textOf) {
  const first = valueOf(runs[0]);
  return [label, ...runs.map((run, i) => withRatio(textOf(valueOf(run)), valueOf(run), first, i === 0))];
}

const kPercentiles = [
  ["p50", "p50"],
  ["p90", "p90"],
  ["p99", "p99"],
  ["p99.9", "p999"],
  ["p99.99", "p9999"],
  ["max", "max"],
];

function comparisonCard(runs) {
  const latency = (kind, label, name) => ratioRow(runs, label, (run) => run.report[kind][name], latencyText);
  const rows = [
    ratioRow(runs, "sent", (run) => run.report.sent_per_s, rateText),
    ratioRow(runs, "answered", (run) => (run.replies ? null : run.report.answered_per_s), rateText),
    runs.some((run) => run.replies) ? ratioRow(runs, "of recorded answers", (run) => (run.replies ? run.replies.percent : null), percentText) : null,
    ratioRow(runs, "lost", (run) => run.lostPercent, percentText),
    runs.some((run) => run.knee !== null) ? ratioRow(runs, "knee", (run) => run.knee, rateText) : null,
    ["Round trip, corrected"],
    ...kPercentiles.map(([label, name]) => latency("rtt_us", label, name)),
    ["Round trip, uncorrected"],
    ...kPercentiles.map(([label, name]) => latency("rtt_uncorrected_us", label, name)),
    ["Trust"],
    ["valid", ...runs.map((run) => withRatio(verdict(run), null, null, true))],
    ratioRow(runs, "sends over 1\u00a0ms late", (run) => run.report.generator.late_percent, percentText),
  ].filter((row) => row !== null);
  const title = "Every measure beside that of " + runs[0].name;
  const made = card(title, "\u00d7 is the ratio to the first run. Of latency and loss less is better.", dataTable(runColumns(runs, "", "number"), rows));
  made.classList.add("wide", "compared");
  return made;
}

function latencyCard(runs) {
  const { rtt_us: corrected, rtt_uncorrected_us: uncorrected } = runs[0].report;
  const rows = [["mean", "mean"], ["min", "min"], ...kPercentiles].map(([label, name]) => [label, latencyText(corrected[name]), latencyText(uncorrected[name])]);
  rows.push(["answers", countText(corrected.count), countText(uncorrected.count)]);
  return card(percentileSummary(runs[0]), "Round trip, of the whole run", dataTable([["", "text"], ["corrected", "number"], ["uncorrected", "number"]], rows));
}

function percentileSummary(run) {
  const { p50, p9999, count } = run.report.rtt_us;
  return "Half of " + countText(count) + " answers within " + latencyText(p50) + ", 99.99\u00a0% within " + latencyText(p9999);
}

function dropsCard(runs) {
  const rows = [];
  let group = "";
  runs[0].drops.forEach((drop, i) => {
    const counts = runs.map((run) => run.drops[i].count);
    if (counts.every((count) => count === undefined)) return;
    const isSeen = counts.some((count) => count > 0);
    // What says nothing is left out of the comparison; alone it is an answer.
    if (!isSeen && runs.length > 1) return;
    if (drop.group !== group) rows.push([(group = drop.group)]);
    rows.push([drop.meaning, ...runs.map((run) => dropCell(run, run.drops[i].count))]);
  });
  if (rows.length === 0) rows.push(["no packet is missing, late or damaged", ...runs.map(() => "0")]);
  const made = card(dropsTitle(runs), "Drops by reason, and their share of the packets that were due", dataTable(runColumns(runs, "packets", "number"), rows));
  if (runs.length > 2) made.classList.add("wide");
  return made;
}

function dropCell(run, count) {
  if (count === undefined) return kUnknown;
  if (count === null) return "unknown";
  const due = run.report.sent + run.report.send_missed + run.report.send_refused;
  if (count === 0 || due === 0) return countText(count);
  const bar = coloured(element("span", { class: "bar", "aria-hidden": "true" }), runColor(run.index));
  // On a scale on which one in a million can still be seen.
  bar.style.width = Math.max(4, Math.min(100, 100 * (1 + Math.log10(count / due) / 6))) + "%";
  return [countText(count), element("span", { class: "ratio" }, percentText((100 * count) / due)), bar];
}

// ---- Steps ------------------------------------------------------------------

function stepVerdict(step) {
  if (!step.valid) return element("span", { class: "warn" }, "\u26a0 not valid");
  if (step.holds === null) return kUnknown;
  return step.holds ? element("span", { class: "good" }, "\u2713 holds") : element("span", { class: "bad" }, "\u2717 fails");
}

function stepsCard(run, runs) {
  if (run.steps.length === 0) return null;
  const rows = run.steps.map((step) => [
    rateText(step.offered_per_s),
    countText(step.clients),
    step.hz === null ? kUnknown : numberText(step.hz) + "\u00a0Hz",
    secondsText(step.seconds),
    percentText(step.lost_percent),
    latencyText(step.p99_us),
    stepVerdict(step),
    step.why || "",
  ]);
  const columns = [["offered", "text"], ["clients", "number"], ["each", "number"], ["for", "number"], ["lost", "number"], ["p99", "number"], ["goal", "text"], ["why", "text"]];
  const made = card((runs.length > 1 ? run.name + ": " : "") + stepsTitle([run]), "Steps, by offered rate", dataTable(columns, rows));
  made.classList.add("wide", "long");
  return made;
}

function findMaxCard(run, runs) {
  if (!run.findMax) return null;
  const { goal, knee_per_s: knee, verified } = run.findMax;
  const goals = [
    goal.loss_percent === null ? null : "at most " + percentText(goal.loss_percent, 3) + " lost",
    goal.p99_us === null ? null : "p99 of at most " + latencyText(goal.p99_us),
  ].filter((text) => text !== null);
  const rows = verified.map(({ factor, held, of }) => [
    numberText(factor) + " of the knee" + (knee === null ? "" : ": " + rateText(factor * knee)),
    held + " of " + of + " rounds held",
  ]);
  const made = card(
    (runs.length > 1 ? run.name + ": " : "") + (knee === null ? noKneeTitle(run) : "The knee is at " + rateText(knee) + "; " + limitPhrase(run)),
    "Highest rate that holds the goal: " + goals.join(" and "),
    rows.length === 0 ? element("p", { class: "soft" }, knee === null ? "Without a knee there is nothing to try again." : "It was not tried again below and above the knee.") : dataTable([["checked again at", "text"], ["result", "text"]], rows)
  );
  made.classList.add("wide");
  return made;
}

// ---- Trust and set-up ---------------------------------------------------------

// Of a run that is shorter than it was meant to be.
function earlyEnd(run) {
  const { stopped_by_signal: signal } = run.report;
  return signal ? element("span", { class: "warn" }, "\u26a0 ended early, by signal " + signal) : null;
}

function verdict(run) {
  return run.report.valid
    ? element("span", { class: "verdict good" }, "\u2713 valid")
    : element("span", { class: "verdict bad" }, "\u2717 not valid");
}

function healthCard(runs) {
  const of = (label, textOf) => [label, ...runs.map((run) => textOf(run.report))];
  const rows = [
    ["verdict", ...runs.map((run) => verdict(run))],
    of("sends more than 1\u00a0ms late", ({ generator }) => percentText(generator.late_percent)),
    of("lateness p50", ({ generator }) => latencyText(generator.late_us.p50)),
    of("lateness p99", ({ generator }) => latencyText(generator.late_us.p99)),
    of("lateness p99.99", ({ generator }) => latencyText(generator.late_us.p9999)),
    of("lateness max", ({ generator }) => latencyText(generator.late_us.max)),
    of("due and never sent", (report) => countText(report.send_missed)),
    of("busiest thread's core", ({ generator }) => percentText(generator.cpu_percent, 3)),
    of("threads", ({ generator }) => countText(generator.threads)),
    of("receive buffer of a socket", ({ generator }) => bytesText(generator.socket_buffer_bytes)),
    of("dropped at the clients' sockets", (report) => countText(report.kernel_drops.clients)),
    of("time stolen by the host", (report) => percentText(report.steal_percent)),
    of("processor time", (report) => secondsText(report.cpu_s)),
  ];
  const made = card(healthTitle(runs), "Health of the generator: how far the figures can be trusted. More than 1\u00a0% of sends late by more than 1\u00a0ms makes a run not valid", dataTable(runColumns(runs, "", "number"), rows));
  if (runs.length > 2) made.classList.add("wide");
  return made;
}

// {"to_server": {"lost": 3}} as "to_server.lost 3".
function flatText(value, prefix = "") {
  if (value === null || typeof value !== "object") return [(prefix ? prefix + " " : "") + String(value)];
  return Object.entries(value).flatMap(([name, inner]) => flatText(inner, prefix ? prefix + "." + name : name));
}

// What the network of the clients was asked for and did, one way.
function wayText(name, way) {
  const { asked } = way;
  const words = [];
  if (asked.loss_percent) words.push(numberText(asked.loss_percent) + "\u00a0% lost" + (asked.burst ? " in bursts of " + numberText(asked.burst) : ""));
  if (asked.delay_ms || asked.jitter_ms) words.push(numberText(asked.delay_ms) + (asked.jitter_ms ? " \u00b1 " + numberText(asked.jitter_ms) : "") + "\u00a0ms");
  for (const fate of ["duplicate", "reorder", "truncate", "corrupt"]) {
    if (asked[fate + "_percent"]) words.push(numberText(asked[fate + "_percent"]) + "\u00a0% " + fate);
  }
  if (asked.rate_kbit_s) words.push(numberText(asked.rate_kbit_s) + "\u00a0kbit/s");
  const counts = countText(way.arrived) + " in, " + countText(way.forwarded) + " out, " + countText(way.lost) + " lost, " + countText(way.queue_full) + " over the rate";
  return name + ": " + (words.join(", ") || "nothing") + " (" + counts + ")";
}

function impairmentText(impairment) {
  if (impairment === null) return "none";
  const isNumber = (value) => value === null || typeof value === "number";
  const kAsked = ["loss_percent", "burst", "delay_ms", "jitter_ms", "duplicate_percent", "reorder_percent", "truncate_percent", "corrupt_percent", "rate_kbit_s"];
  const kCounted = ["arrived", "forwarded", "lost", "queue_full"];
  const isWay = (way) => way && way.asked && kAsked.every((name) => isNumber(way.asked[name])) && kCounted.every((name) => isNumber(way[name]));
  // Another program's: what it says, as it says it.
  if (!isWay(impairment.to_server) || !isWay(impairment.to_client)) return flatText(impairment).join(", ");
  return wayText("to the server", impairment.to_server) + "; " + wayText("to the clients", impairment.to_client) + "; seed " + impairment.seed;
}

function setupCard(runs) {
  const of = (label, textOf) => [label, ...runs.map((run) => textOf(run.report))];
  const offered = (report) => (report.hz === null ? kUnknown : rateText(report.hz * report.clients));
  const rows = [
    of("target", (report) => report.target),
    of("server", (report) => report.server ?? "unknown: nothing came back"),
    of("started", (report) => timeText(report.started_at)),
    of("duration", (report) => secondsText(report.duration_s)),
    of("clients", (report) => countText(report.clients)),
    of("each sends", (report) => (report.hz === null ? kUnknown : numberText(report.hz) + "\u00a0packets/s")),
    of("together", offered),
    of("payload", (report) => report.payload + (report.packet_bytes === null ? "" : ", up to " + bytesText(report.packet_bytes))),
    of("packets sent", (report) => countText(report.sent)),
    of("packets received", (report) => countText(report.received)),
    of("processor", ({ machine }) => (machine.processor ?? "unknown") + (machine.processors ? " \u00d7 " + machine.processors : "")),
    of("kernel", ({ machine }) => machine.kernel ?? "unknown"),
    of("ringpeer", (report) => report.version),
    of("processes merged", (report) => countText(report.parts)),
    of("impairment", (report) => impairmentText(report.impairment)),
    of("ended by", (report) => (report.stopped_by_signal ? "signal " + report.stopped_by_signal : "itself")),
  ];
  const made = card("How it was measured", "Set-up", dataTable(runColumns(runs, "", "text"), rows));
  if (runs.length > 1) made.classList.add("wide");
  return made;
}

const kWords = [
  ["Corrected", "The time from when the schedule meant a packet to be sent until its answer came. A server that stops for 200 ms delays every packet that was due in that time, and each counts."],
  ["Uncorrected", "What a client would have measured that sends the next packet only when the last is answered. It hides pauses: while it waits, it does not measure."],
  ["p99", "99 of 100 answers came within this time. p99.99: 9,999 of 10,000."],
  ["Lost", "Sent and never answered, for whatever reason: dropped at a socket, refused, or gone on the way. A share of the packets that were sent; the table of drops says which reason can be seen."],
  ["Recorded answers", "Where a recorded session is played, the server's answers name no packet. They are counted, and held against those that the recorded server gave to the same packets."],
  ["Knee", "The highest rate at which the goal held. It is tried again below and above before it is named."],
  ["Not valid", "The generator was late, at its limit, or short of something, so that the figures may be its own and not the server's."],
];

function wordsCard() {
  const list = kWords.flatMap(([word, meaning]) => [element("dt", {}, word), element("dd", {}, meaning)]);
  const made = element("details", { class: "card wide" }, element("summary", {}, "How to read this page"), element("dl", { class: "words" }, list));
  made.addEventListener("toggle", () => {
    if (!isPrinting) made.dataset.open = made.open ? "1" : "0";
  });
  return made;
}
