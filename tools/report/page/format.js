// Numbers as people read them. What is unknown (null) is a dash.

const kUnknown = "\u2013";

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

function countText(value) {
  return value === null || value === undefined ? kUnknown : grouped.format(value);
}

// Three digits that say something, and no more than it takes: 0.0213, 2.13, 21.3, 213, 2,130.
function numberText(value, digits = 3) {
  if (value === null || value === undefined) return kUnknown;
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.max(0, Math.min(6, digits - 1 - magnitude));
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: decimals }).format(value);
}

function rateText(value) {
  if (value === null || value === undefined) return kUnknown;
  return (value < 100 ? numberText(value) : grouped.format(value)) + "/s";
}

function percentText(value, digits = 2) {
  return value === null || value === undefined ? kUnknown : numberText(value, digits) + "\u00a0%";
}

// Of microseconds.
function latencyText(value, digits = 3) {
  if (value === null || value === undefined) return kUnknown;
  if (value < 999.5) return numberText(value, digits) + "\u00a0\u00b5s";
  if (value < 999500) return numberText(value / 1e3, digits) + "\u00a0ms";
  return numberText(value / 1e6, digits) + "\u00a0s";
}

// Two digits, rounded up: what "stays below" may say.
function latencyBoundText(value) {
  const step = 10 ** (Math.floor(Math.log10(Math.max(value, 1e-3))) - 1);
  return latencyText(Math.ceil(value / step - 1e-9) * step, 3);
}

function secondsText(value) {
  if (value === null || value === undefined) return kUnknown;
  if (value < 120) return numberText(value) + "\u00a0s";
  const minutes = value / 60;
  return minutes < 120 ? numberText(minutes) + "\u00a0min" : numberText(minutes / 60) + "\u00a0h";
}

function bytesText(value) {
  if (value === null || value === undefined) return kUnknown;
  if (value < 10240) return grouped.format(value) + "\u00a0B";
  if (value < 10 * 1048576) return numberText(value / 1024) + "\u00a0KiB";
  return numberText(value / 1048576) + "\u00a0MiB";
}

function ratioText(value) {
  return value === null || value === undefined ? kUnknown : "\u00d7" + numberText(value, value < 10 ? 3 : 2);
}

// As "p99.99": what 4 is of 10^-4 beyond.
function percentileText(nines) {
  if (nines <= 0) return "0\u00a0%";
  if (nines === 1) return "90\u00a0%";
  return "99" + (nines > 2 ? "." + "9".repeat(nines - 2) : "") + "\u00a0%";
}

function timeText(text) {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(text);
  return match ? match[1] + " " + match[2] + " UTC" : text;
}
