// What the page says of a run, worked out of its report once.

// Texts are of others: what would turn a line around, or control what it is pasted into, is a "?", as
// in the text that the program prints.
const kControls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

function printable(value) {
  if (typeof value === "string") return value.replace(kControls, "?");
  if (Array.isArray(value)) return value.map(printable);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [printable(name), printable(inner)]));
}

const kLeastPart = 0.1; // of an interval: what was counted in less makes no rate

// A second, up to `end`: the last interval is seldom whole, and beyond it there is no rate.
function ratesOf(report, name, end) {
  const interval = report.series.interval_s;
  return report.series.points.map((point, i) => {
    const part = Math.min(interval, end - point.t);
    if (i === 0) return point[name] / (part > 0 ? part : interval);
    return part < kLeastPart * interval ? null : point[name] / part;
  });
}

// When the last packet was due, and when its answer or that of one before can have come at the latest.
function endsOf(report) {
  // Between steps there are pauses, which duration_s leaves out.
  const sent = (report.steps || []).length > 0 ? Infinity : report.duration_s;
  const { interval_s: interval, points } = report.series;
  const answers = points.map((point) => Math.min(point.t + interval, sent) + (point.max_us || 0) / 1e6);
  return { sent, received: Math.max(sent, largestOf(answers) ?? 0) };
}

// The arrays of the series, in the units of the charts.
function seriesOf(report) {
  const points = report.series.points;
  const ends = endsOf(report);
  const column = (value) => points.map((point) => value(point));
  const known = (name) => column((point) => point[name]);
  return {
    t: known("t"),
    sent: ratesOf(report, "sent", ends.sent),
    received: ratesOf(report, "received", ends.received),
    lost: column((point) => (point.lost === null || point.sent === 0 ? null : (100 * point.lost) / point.sent)),
    missed: column((point) => {
      const due = point.sent + point.send_missed;
      return due === 0 ? null : (100 * point.send_missed) / due;
    }),
    lostCount: known("lost"),
    p50: known("p50_us"),
    p99: known("p99_us"),
    max: known("max_us"),
    clients: known("clients"),
  };
}

// Points of the percentile curve: x is how many nines, -log10(1 - fraction); y in microseconds is
// the edge that this share does not exceed. The last x is half a packet before the end of all.
function percentileCurve(histogram) {
  const buckets = histogram.filter(([, count]) => count > 0);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return { x: [], y: [], total: 0 };
  const x = [0];
  const y = [buckets[0][0] / 1e3];
  let seen = 0;
  for (const [edge, count] of buckets) {
    seen += count;
    const beyond = Math.max(total - seen, 0.5) / total;
    const nines = -Math.log10(beyond);
    if (nines > x[x.length - 1]) {
      x.push(nines);
      y.push(edge / 1e3);
    } else {
      y[y.length - 1] = edge / 1e3;
    }
  }
  return { x, y, total };
}

// Of the packets sent, those that were never answered, for whatever reason; null where none is to be
// answered, or the answers do not say which packet they answer.
function unansweredOf(report) {
  if (report.server === "silent" || report.replies || report.answered === null) return null;
  return Math.max(0, report.sent - report.answered);
}

// Where packets went that did not come back as they should, by the packet's way: what it means in a
// table, after "241 packets" in a heading, and after "all of it".
function dropsOf(report) {
  // Answers that name no packet do not say which came late, twice or wrong either.
  const known = (count) => (report.replies ? null : count);
  // Not in every report.
  const ifThere = (count) => (count === null || typeof count === "number" ? count : undefined);
  const impaired = ifThere(report.impairment ? report.impairment.unanswered : undefined);
  const rows = [
    ["Never sent", "send_missed", "due, and skipped: the generator came too late", "were never sent", report.send_missed],
    ["Never sent", "send_refused", "due, and refused by the kernel of this machine", "were refused by this machine's kernel", report.send_refused],
    ["Lost", "lost", "sent, never answered, and nothing else says where they went", "were lost on the way", report.lost],
    ["Lost", "impairment.unanswered", "lost by the impairment that was asked for", "were lost by the impairment", impaired, "by the impairment"],
    ["Lost", "damaged", "answered with wrong bytes, and never with the right ones", "were answered with wrong bytes alone", ifThere(report.damaged), "answered with wrong bytes"],
    ["Lost", "kernel_drops.server", "dropped at the server's socket: its buffer was full", "were dropped at the server's socket", report.kernel_drops.server, "at the server's socket"],
    ["Lost", "kernel_drops.clients", "dropped at the clients' sockets: their buffer was full", "were dropped at the clients' sockets", report.kernel_drops.clients, "at the clients' sockets"],
    ["Lost", "connection_refused", "refused: nobody listened at the target", "found nobody who listened", report.connection_refused, "where nobody listened"],
    ["Lost", "unaccounted", "missing from the sums: neither arrived nor dropped where it can be seen", "are missing from the sums", report.unaccounted],
    ["Came, but not as sent", "late", "reordered: came after a later one", "came out of order", known(report.late)],
    ["Came, but not as sent", "repeated", "duplicated: came more than once", "came more than once", known(report.repeated)],
    ["Came, but not as sent", "corrupted", "corrupted: the bytes of an answer were wrong", "came back damaged", known(report.corrupted)],
    ["Came, but not as sent", "foreign", "foreign: answered nothing that was sent", "answered nothing that was sent", known(report.foreign)],
  ];
  return rows.map(([group, field, meaning, phrase, count, where]) => ({ group, field, meaning, phrase, count, where }));
}

function stepsOf(report) {
  return [...(report.steps || [])].sort((a, b) => a.offered_per_s - b.offered_per_s);
}

function runOf({ name, report: source }, index) {
  const report = printable(source);
  const unanswered = unansweredOf(report);
  return {
    index,
    name: printable(name) || report.target,
    source, // as it was read
    report,
    series: seriesOf(report),
    unanswered,
    lostPercent: unanswered === null || report.sent === 0 ? null : (100 * unanswered) / report.sent,
    replies: report.replies || null,
    steps: stepsOf(report),
    findMax: report.find_max || null,
    knee: report.find_max ? report.find_max.knee_per_s : null,
    corrected: percentileCurve(report.histograms.rtt_ns),
    uncorrected: percentileCurve(report.histograms.rtt_uncorrected_ns),
    lateness: percentileCurve(report.histograms.late_ns),
    drops: dropsOf(report),
    hasLatency: report.rtt_us.count > 0,
    reasons: report.invalid_because,
  };
}

function knownOf(values) {
  return values.filter((value) => value !== null && value !== undefined);
}

function medianOf(values) {
  const sorted = knownOf(values).sort((a, b) => a - b);
  return sorted.length === 0 ? null : sorted[Math.floor((sorted.length - 1) / 2)];
}

// Not Math.max(...values): a day has more seconds than a call takes arguments.
function largestOf(values) {
  return knownOf(values).reduce((most, value) => (most === null || value > most ? value : most), null);
}

function smallestOf(values) {
  return knownOf(values).reduce((least, value) => (least === null || value < least ? value : least), null);
}
