// What is seen, in a sentence: the heading of each part of the page.

const kPeak = 3; // times the median second that make a second stand out

const kBurst = 0.75; // of what is lost, in a tenth of the time: a burst

// The seconds that have most of what is lost: [from, to], or null when it is spread.
function burstOf(run) {
  const counts = run.series.lostCount.map((count) => count || 0);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const length = Math.max(1, Math.ceil(counts.length / 10));
  if (total === 0 || counts.length < 10) return null;
  let sum = 0;
  for (let i = 0; i < counts.length; ++i) {
    sum += counts[i] - (i >= length ? counts[i - length] : 0);
    if (sum < kBurst * total) continue;
    let first = Math.max(0, i - length + 1);
    while (sum - counts[first] >= kBurst * total) sum -= counts[first++];
    const interval = run.report.series.interval_s;
    return [run.series.t[first], run.series.t[i] + interval];
  }
  return null;
}

// Of a session whose answers name no packet.
function repliesPhrase(run) {
  const { percent, received } = run.replies;
  if (percent === null) return countText(received) + " answers, and none were recorded";
  return percentText(percent, 4) + " of the recorded answers";
}

// Where more than half of what is lost was seen to go, or nothing.
function causePhrase(run) {
  const [worst] = run.drops.filter((drop) => drop.where && drop.count > 0).sort((a, b) => b.count - a.count);
  if (!run.unanswered || !worst || 2 * worst.count <= run.unanswered) return "";
  return (worst.count < run.unanswered ? ", most of it " : ", all of it ") + worst.where;
}

function lossPhrase(run) {
  if (run.replies) return repliesPhrase(run);
  if (run.unanswered === null) return "loss unknown";
  if (run.unanswered === 0) return "nothing lost";
  return percentText(run.lostPercent) + " lost";
}

// The worst second, and whether it stands out.
function peakOf(run) {
  const worst = largestOf(run.series.p99);
  const median = medianOf(run.series.p99);
  if (worst === null) return null;
  const at = run.series.t[run.series.p99.indexOf(worst)];
  return { worst, median, at, standsOut: worst > kPeak * median };
}

function latencyTitle(run) {
  const peak = peakOf(run);
  if (peak === null) return "No latency in this run";
  if (!peak.standsOut) return "p99 stays below " + latencyBoundText(peak.worst);
  return (
    "p99 is " + latencyText(peak.median, 2) + " in the median second, " +
    latencyText(peak.worst, 2) + " at its worst, at " + secondsText(peak.at)
  );
}

// Before it had come to an end: it says nothing then of what lies beyond.
const wasStopped = (run) => run.findMax.limited_by === "stopped";

const kLimits = new Map([
  ["target", "the target is the limit"],
  ["generator", "the generator itself is the limit"],
  ["range", "the range ends there"],
]);

function limitPhrase(run) {
  if (wasStopped(run)) return "the search was stopped";
  return kLimits.get(run.findMax.limited_by) ?? "limited by " + run.findMax.limited_by;
}

// The highest rate that was tried and kept the goal.
function heldRate(run) {
  return largestOf(run.steps.filter((step) => step.holds && step.valid).map((step) => step.offered_per_s));
}

function noKneeTitle(run) {
  const limit = run.findMax.limited_by;
  if (wasStopped(run)) {
    const held = heldRate(run);
    return "The search was stopped before it found a knee" + (held === null ? "" : "; so far the goal holds up to " + rateText(held));
  }
  if (limit === "range") return "Not even the lowest rate holds the goal";
  if (limit === "generator") return "No knee was found; " + limitPhrase(run);
  return "No rate in the range holds the goal; " + limitPhrase(run);
}

function kneeTitle(run) {
  return run.knee === null ? noKneeTitle(run) : "Holds " + rateText(run.knee) + "; " + limitPhrase(run);
}

// Of the whole run.
function runHeadline(run) {
  if (run.report.sent === 0) return "Nothing was sent";
  if (run.findMax) return kneeTitle(run);
  if (run.steps.length > 0) return stepsTitle([run]);
  if (run.replies) return "Sends " + rateText(run.report.sent_per_s) + ", gets " + repliesPhrase(run);
  if (!run.hasLatency) {
    return "Sends " + rateText(run.report.sent_per_s) + " without answers; " + lossPhrase(run) + causePhrase(run);
  }
  return latencyTitle(run) + "; " + lossPhrase(run) + causePhrase(run);
}

function comparedPhrase(run, first) {
  const parts = [];
  if (run.knee !== null && first.knee) parts.push("knee " + ratioText(run.knee / first.knee));
  const p99 = run.report.rtt_us.p99;
  const before = first.report.rtt_us.p99;
  if (p99 !== null && before) parts.push("p99 " + ratioText(p99 / before) + " (" + latencyText(p99) + ")");
  parts.push(lossPhrase(run));
  return run.name + ": " + parts.join(", ");
}

function headline(runs) {
  const invalid = runs.filter((run) => !run.report.valid).length;
  if (runs.length === 1) return (invalid ? "Not valid: " : "") + runHeadline(runs[0]);
  const title =
    runs.length === 2
      ? comparedPhrase(runs[1], runs[0]) + ", compared with " + runs[0].name
      : runs.length + " runs compared with " + runs[0].name;
  return title + (invalid ? " (" + invalid + " not valid)" : "");
}

// Of two runs both, of more the least and the most.
function rangeTitle(runs, what, valueOf, textOf) {
  const known = runs.filter((run) => knownOf([valueOf(run)]).length > 0).sort((a, b) => valueOf(a) - valueOf(b));
  if (known.length === 0) return what + " is unknown in every run";
  const phrase = (run) => textOf(valueOf(run)) + " in " + run.name;
  if (runs.length === 2) {
    return what + ": " + runs.map((run) => (known.includes(run) ? phrase(run) : "unknown in " + run.name)).join(", ");
  }
  const [least, most] = [known[0], known[known.length - 1]];
  if (textOf(valueOf(least)) === textOf(valueOf(most))) return what + " is " + textOf(valueOf(least)) + " in every run";
  return what + ": from " + phrase(least) + " to " + phrase(most);
}

// Between steps nothing is sent, so the rates of seconds are none of theirs.
function offeredTitle(run) {
  const rates = run.steps.map((step) => step.offered_per_s);
  const [least, most] = [rateText(smallestOf(rates)), rateText(largestOf(rates))];
  return least === most ? "Offers " + least : "Offers from " + least + " to " + most + ", in steps";
}

function throughputTitle(runs) {
  if (runs.length > 1) return rangeTitle(runs, "Sent", (run) => run.report.sent_per_s, rateText);
  const run = runs[0];
  if (run.steps.length > 0) return offeredTitle(run);
  // The last interval is seldom whole, and after it come answers alone.
  const { interval_s: interval } = run.report.series;
  const whole = run.series.sent.filter((rate, i) => run.series.t[i] + interval <= run.report.duration_s + 1e-6);
  const least = smallestOf(whole);
  const most = largestOf(whole);
  if (least !== null && most > 2 * Math.max(least, 1)) {
    return "Sends from " + rateText(least) + " to " + rateText(most);
  }
  const received = run.report.duration_s > 0 ? run.report.received / run.report.duration_s : null;
  return "Sends " + rateText(run.report.sent_per_s) + ", receives " + rateText(received);
}

function lossTitle(runs) {
  if (runs.length > 1) return rangeTitle(runs, "Lost", (run) => run.lostPercent, percentText);
  const run = runs[0];
  if (run.unanswered === null) return "Loss is unknown: no answers are expected";
  const due = run.report.sent + run.report.send_missed;
  const missed = run.report.send_missed > 0 ? ", but " + percentText((100 * run.report.send_missed) / due) + " never sent" : "";
  if (run.unanswered === 0) return "Nothing is lost" + missed;
  const burst = burstOf(run);
  const where = burst ? ", most of it from " + secondsText(burst[0]) + " to " + secondsText(burst[1]) : "";
  return percentText(run.lostPercent) + " of packets are lost" + where + missed;
}

function latencyOverTimeTitle(runs) {
  if (runs.length === 1) return latencyTitle(runs[0]);
  return rangeTitle(runs, "p99", (run) => run.report.rtt_us.p99, latencyText);
}

function latenessTitle(runs) {
  const p999 = (run) => run.report.generator.late_us.p999;
  if (runs.length > 1) return rangeTitle(runs, "Lateness p99.9", p999, latencyText);
  return "99.9\u00a0% of sends at most " + latencyText(p999(runs[0])) + " late";
}

function clientsTitle(runs) {
  const most = (run) => largestOf(run.series.clients);
  if (runs.length > 1) return rangeTitle(runs, "Most clients at a time", most, countText);
  return "Up to " + countText(most(runs[0])) + " clients at a time";
}

// Whether an open loop has seen what a closed one would have hidden: far more than the generator's own
// lateness, which is in the corrected times alone, makes of them. Percentiles do not add up: twice.
function hidesPauses(report, name) {
  const { rtt_us: corrected, rtt_uncorrected_us: uncorrected, generator } = report;
  if (!(uncorrected[name] > 0 && corrected[name] > 1.5 * uncorrected[name])) return false;
  return corrected[name] - uncorrected[name] > 2 * (generator.late_us[name] || 0);
}

function percentileTitle(runs) {
  if (runs.length > 1) return rangeTitle(runs, "p99.9", (run) => run.report.rtt_us.p999, latencyText);
  const { rtt_us: corrected, rtt_uncorrected_us: uncorrected } = runs[0].report;
  const title = "99\u00a0% of answers within " + latencyText(corrected.p99) + ", 99.9\u00a0% within " + latencyText(corrected.p999);
  const label = { p99: "99\u00a0%", p999: "99.9\u00a0%", p9999: "99.99\u00a0%" };
  const hidden = Object.keys(label).find((name) => hidesPauses(runs[0].report, name));
  return hidden
    ? title + "; waiting for answers would have hidden the pauses: " + label[hidden] + " within " + latencyText(uncorrected[hidden])
    : title;
}

function dropsTitle(runs) {
  if (runs.length > 1) return "Where packets went, by run";
  // What is missing from the sums is as a rule what was lost on the way.
  const isSaid = (drop) => drop.field === "unaccounted" && drop.count === runs[0].report.lost;
  const seen = runs[0].drops.filter((drop) => drop.count > 0 && !isSaid(drop));
  if (seen.length === 0) return runs[0].replies ? "No drop can be seen" : "No packet is missing, late or damaged";
  const [worst, next] = [...seen].sort((a, b) => b.count - a.count);
  const first = countText(worst.count) + " packets " + worst.phrase;
  return next ? first + ", " + countText(next.count) + " " + next.phrase : first;
}

function stepsTitle(runs) {
  if (runs.length > 1) return "Latency and loss by offered rate";
  const run = runs[0];
  const judged = run.steps.filter((step) => step.holds !== null);
  if (judged.length === 0) {
    const rates = run.steps.map((step) => step.offered_per_s);
    const [least, most] = [rateText(smallestOf(rates)), rateText(largestOf(rates))];
    return least === most ? "Steps of " + least : "Ramp from " + least + " to " + most;
  }
  const held = heldRate(run);
  const failed = smallestOf(judged.filter((step) => step.holds === false).map((step) => step.offered_per_s));
  if (held === null) return "No step holds the goal";
  return "The goal holds up to " + rateText(held) + (failed === null ? "" : " and fails from " + rateText(failed));
}

function healthTitle(runs) {
  const invalid = runs.filter((run) => !run.report.valid);
  if (runs.length > 1) {
    return invalid.length === 0
      ? "The generator kept its schedule in every run"
      : "Not to be trusted: " + invalid.map((run) => run.name).join(", ");
  }
  const late = runs[0].report.generator.late_percent;
  const share = percentText(late) + " of sends were more than 1\u00a0ms late";
  return invalid.length === 0 ? "The generator kept its schedule: " + share : "The generator did not keep up: " + share;
}
