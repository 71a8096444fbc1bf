// The page: what the runs say, from the most important to the set-up.

function tile(name, value, note, kind) {
  return element("div", { class: "tile" }, element("div", { class: "name" }, name), element("div", { class: "value " + (kind || "") }, value), element("div", { class: "note" }, note));
}

const kLeastReplies = 90; // percent: with fewer the run has failed

function repliesTiles(run) {
  const { received, expected, percent } = run.replies;
  const isBad = percent !== null && percent < kLeastReplies;
  return [
    tile("of the recorded answers", percentText(percent, 4), countText(received) + " of " + countText(expected), isBad ? "bad" : ""),
    tile("round trip", kUnknown, "the answers do not say which packet they answer"),
  ];
}

function tilesOf(run) {
  const { report } = run;
  const answeredShare = report.answered === null || report.sent === 0 ? null : (100 * report.answered) / report.sent;
  const latency = (label, name) => tile(label, latencyText(report.rtt_us[name]), "uncorrected " + latencyText(report.rtt_uncorrected_us[name]));
  const tiles = [
    run.findMax ? tile("knee", rateText(run.knee), run.knee === null && !wasStopped(run) ? "none was found" : limitPhrase(run)) : null,
    tile("sent", rateText(report.sent_per_s), countText(report.sent) + " packets"),
    ...(run.replies ? repliesTiles(run) : [
      tile("answered", percentText(answeredShare, 4), countText(report.answered) + " packets"),
      tile("lost", percentText(run.lostPercent), run.unanswered === null ? "not known" : countText(run.unanswered) + " packets", run.unanswered ? "bad" : ""),
    ]),
    ...(run.hasLatency ? [latency("p50", "p50"), latency("p99", "p99"), latency("p99.9", "p999"), latency("max", "max")] : []),
    tile("clients", countText(report.clients), secondsText(report.duration_s)),
  ];
  return element("div", { class: "tiles" }, tiles);
}

function bannerOf(runs) {
  const invalid = runs.filter((run) => !run.report.valid);
  if (invalid.length === 0) return null;
  const reasons = invalid.flatMap((run) =>
    (run.reasons.length > 0 ? run.reasons : ["the report names no reason"]).map((reason) => element("li", {}, runs.length > 1 ? run.name + ": " : "", reason))
  );
  return element(
    "section",
    { class: "banner", role: "alert" },
    element("h2", {}, runs.length === 1 ? "This run is not valid: do not take its figures for the server's" : "Not valid: do not take these figures for the server's"),
    element("ul", {}, reasons)
  );
}

function headerOf(runs) {
  const { report } = runs[0];
  const lead =
    runs.length === 1
      ? element("p", { class: "soft" }, "Load on ", report.target, ", ", timeText(report.started_at), ", ", secondsText(report.duration_s), " \u00b7 ", verdict(runs[0]), " ", earlyEnd(runs[0]))
      : element(
          "ul",
          { class: "runs" },
          runs.map((run) => element("li", {}, swatch(run.index), element("strong", {}, run.name), " ", element("span", { class: "soft" }, run.report.target, ", ", timeText(run.report.started_at), " "), verdict(run), " ", earlyEnd(run)))
        );
  return element("header", {}, element("h1", {}, headline(runs)), lead, downloadButtons(runs));
}

function cardsOf(runs) {
  const isOne = runs.length === 1;
  const make = [stepsChart, throughputChart, latencyChart, lossChart, percentileChart, clientsChart, latenessChart];
  const nodes = make.map((chart) => chart(runs)).filter((chart) => chart !== null).map((chart) => chart.node());
  // Two stand in a row: one that is left over has a row of its own.
  if (nodes.length % 2 === 1) nodes[nodes.length - 1].classList.add("wide");
  return element(
    "div",
    { class: "cards" },
    ...runs.map((run) => findMaxCard(run, runs)),
    isOne ? null : comparisonCard(runs),
    ...nodes,
    isOne && runs[0].hasLatency ? latencyCard(runs) : null,
    healthCard(runs),
    dropsCard(runs),
    setupCard(runs),
    ...runs.map((run) => stepsCard(run, runs)),
    wordsCard()
  );
}

function showPage() {
  const runs = JSON.parse(document.getElementById("runs").textContent).map(runOf);
  document.title = headline(runs) + " \u2013 ringpeer load report";
  const page = document.getElementById("page");
  page.append(
    ...[
      headerOf(runs),
      bannerOf(runs),
      runs.length === 1 ? tilesOf(runs[0]) : null,
      cardsOf(runs),
      element("footer", {}, "Made by ringpeer ", runs[0].report.version, ". Charts by uPlot. The numbers are in this file: it loads nothing."),
    ].filter((part) => part !== null)
  );
  keepDrawn();
  // For tests, and for whoever looks with a browser's tools.
  window.ringpeer = { charts, runs };
}

showPage();
