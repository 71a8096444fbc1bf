#ifndef RINGPEER_TESTS_TOOLS_REPORT_PAGE_CHECKS_H_
#define RINGPEER_TESTS_TOOLS_REPORT_PAGE_CHECKS_H_

namespace ringpeer::tools {

// Scripts that look at a page in the browser; each gives an array of what is wrong.

// For each chart and each of its lines that has something to show and that no later one covers:
// whether its colour is in the picture. Gives what is missing.
inline constexpr const char* kUndrawnLines = R"js((() => {
  const missing = [];
  const covers = (a, b) => b.every((value, i) => value === null || value === undefined || value === a[i]);
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => { probe.fillStyle = color; probe.fillRect(0, 0, 1, 1); return probe.getImageData(0, 0, 1, 1).data; };
  for (const chart of ringpeer.charts) {
    const title = chart.description.title;
    if (!chart.plot) { missing.push(title + ": no plot"); continue; }
    const canvas = chart.plot.root.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    chart.plot.series.forEach((series, i) => {
      const values = chart.plot.data[i];
      const known = values.filter((value) => value !== null && value !== undefined);
      const isCovered = chart.plot.data.some((other, j) => j > i && chart.plot.series[j].show && covers(other, values));
      if (i === 0 || !series.show || known.length === 0 || isCovered) return;
      const [r, g, b] = rgb(series._stroke || (typeof series.stroke === "function" ? series.stroke(chart.plot, i) : series.stroke));
      let found = 0;
      for (let at = 0; at < data.length; at += 4) {
        const apart = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b);
        if (data[at + 3] > 150 && apart < 30) ++found;
      }
      if (found < 20) missing.push(title + ": " + series.label + " has " + found + " pixels");
    });
  }
  return missing;
})())js";

// Texts below a chart that run into each other.
inline constexpr const char* kCrowdedTexts = R"js((() => {
  const crowded = [];
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = "12px system-ui, sans-serif";
  for (const { plot, description } of ringpeer.charts) {
    const axis = plot.axes[0];
    let end = -Infinity;
    let before = "";
    const splits = axis._splits || [];
    splits.forEach((split, i) => {
      const text = axis._values[i];
      if (!text) return;
      const half = pen.measureText(text).width / 2;
      const at = plot.valToPos(split, "x");
      if (at - half < end) crowded.push(description.title + ": " + before + " and " + text);
      [end, before] = [at + half, text];
    });
    if (!before && splits.length > 0) crowded.push(description.title + ": no text");
  }
  return crowded;
})())js";

// WCAG's contrast of text (4.5) and of lines (3) with the card that they stand on.
inline constexpr const char* kFaintColors = R"js((() => {
  const style = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = style.getPropertyValue(name).trim();
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const faint = [];
  const check = (name, ground, least) => {
    const found = contrast(light(name), light(ground));
    if (!(found >= least)) faint.push(name + " on " + ground + ": " + found);
  };
  for (const name of ["--ink", "--soft", "--good", "--bad", "--warn", "--accent"]) check(name, "--card", 4.5);
  for (const name of ["--ink", "--soft", "--bad"]) check(name, name === "--bad" ? "--bad-ground" : "--ground", 4.5);
  for (let i = 0; i < 8; ++i) check("--run-" + i, "--card", 3);
  return faint;
})())js";

}  // namespace ringpeer::tools

#endif  // RINGPEER_TESTS_TOOLS_REPORT_PAGE_CHECKS_H_
