/* Draws the charts of the statistics with Chart.js, which the theme brings along. What they show
   stands in tables, too, with the same links. */

const drawn = JSON.parse(document.getElementById("mh-charts")?.textContent || "{}");
const measures = document.querySelector("[data-measures]");
const dark = () => document.documentElement.classList.contains("dark");
const HUES = [264, 160, 60, 22, 310, 200, 110, 340, 90, 235];
let measure = "count";
let charts = [];

if (window.Chart && Object.keys(drawn).length) begin();

function begin() {
  measures.hidden = false;
  for (const box of boxes()) {
    box.hidden = false;
    box.style.setProperty("--rows", box.dataset.rows);
    box.parentElement.querySelector("details").open = false;
  }
  drawAll();
  measures.addEventListener("click", (event) => {
    const button = event.target.closest("[data-measure]");
    if (!button) return;
    measure = button.dataset.measure;
    for (const each of measures.children) each.setAttribute("aria-pressed", String(each === button));
    drawAll();
  });
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
}

function boxes() {
  return document.querySelectorAll("[data-chart]");
}

function drawAll() {
  for (const chart of charts) chart.destroy();
  charts = [...boxes()].map(draw);
}

function draw(box) {
  const rows = drawn[box.dataset.chart];
  const of = rows.some((row) => row.bytes !== null) ? measure : "count";
  const kinds = { bars: upright, rows: lying, parts, growth, shares };
  const config = kinds[box.dataset.kind](rows, of);
  config.options = {
    responsive: true,
    maintainAspectRatio: false,
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 250 },
    onHover: (event, found) => (event.native.target.style.cursor = found.length ? "pointer" : "default"),
    ...config.options,
    onClick: (_event, found) => found.length && go(rows, found[0]),
  };
  config.options.plugins = { ...config.options.plugins, tooltip: { ...tooltip(rows, of), ...config.options.plugins?.tooltip } };
  return new window.Chart(box.querySelector("canvas"), config);
}

/* The second set of a share are the others. */
function go(rows, found) {
  const row = rows[found.index];
  location.assign(found.datasetIndex === 1 && row.rest_url ? row.rest_url : row.url);
}

function tooltip(rows, of) {
  return { callbacks: { label: (item) => `${say(rows[item.dataIndex][of], of)}${of === "count" ? " videos" : ""}` } };
}

function upright(rows, of) {
  return { type: "bar", data: bars(rows, of), options: { plugins: noLegend(), scales: { x: axis(), y: axis(of) } } };
}

function lying(rows, of) {
  const y = axis();
  y.ticks = { ...y.ticks, autoSkip: false, callback: (_value, index) => cut(rows[index].label) };
  return { type: "bar", data: bars(rows, of), options: { indexAxis: "y", plugins: noLegend(), scales: { x: axis(of), y } } };
}

function parts(rows, of) {
  const shown = rows.filter((row) => row[of] > 0);
  return {
    type: "doughnut",
    data: { labels: rows.map((row) => row.label), datasets: [{ data: rows.map((row) => row[of]), backgroundColor: rows.map((_row, n) => hue(n)), hoverBackgroundColor: rows.map((_row, n) => hue(n, true)), borderColor: token("--mh-surface"), borderWidth: 2 }] },
    options: { cutout: "58%", plugins: { legend: { position: "right", onClick: (_event, item) => location.assign(rows[item.index].url), labels: { color: token("--mh-text"), boxWidth: 12, font: font(), filter: (item) => shown.includes(rows[item.index]), generateLabels: legend(rows, of) } } } },
  };
}

/* Names with their numbers, so that colour isn't all that tells parts apart. */
function legend(rows, of) {
  return () => rows.map((row, index) => ({ text: `${cut(row.label)}  ${say(row[of], of)}`, fillStyle: hue(index), strokeStyle: hue(index), fontColor: token("--mh-text"), index }));
}

function growth(rows, of) {
  let sum = 0;
  const total = rows.map((row) => (sum += row[of] || 0));
  const accent = token("--mh-accent");
  return {
    type: "bar",
    data: {
      labels: rows.map((row) => row.label),
      datasets: [
        { type: "bar", label: "added in the month", data: rows.map((row) => row[of]), backgroundColor: fade(accent), hoverBackgroundColor: accent, yAxisID: "y", order: 2 },
        { type: "line", label: "in all", data: total, borderColor: token("--mh-good"), backgroundColor: token("--mh-good"), pointRadius: rows.length > 60 ? 0 : 2, pointHitRadius: 8, borderWidth: 2, tension: 0.2, yAxisID: "all", order: 1 },
      ],
    },
    options: {
      interaction: { mode: "nearest", axis: "x", intersect: false },
      plugins: {
        legend: { labels: { color: token("--mh-text"), boxWidth: 12, font: font() } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${say(item.raw, of)}` } },
      },
      scales: { x: axis(), y: axis(of), all: { ...axis(of), position: "right", grid: { drawOnChartArea: false } } },
    },
  };
}

function shares(rows) {
  const total = Math.max(1, Number(document.querySelector("[data-total]").dataset.total));
  const share = (count) => (100 * count) / total;
  const y = axis();
  y.stacked = true;
  y.ticks = { ...y.ticks, autoSkip: false };
  return {
    type: "bar",
    data: {
      labels: rows.map((row) => row.label),
      datasets: [
        { label: "with", data: rows.map((row) => share(row.count)), backgroundColor: token("--mh-good"), hoverBackgroundColor: token("--mh-good") },
        { label: "without", data: rows.map((row) => 100 - share(row.count)), backgroundColor: token("--mh-line"), hoverBackgroundColor: token("--mh-quiet") },
      ],
    },
    options: {
      indexAxis: "y",
      plugins: {
        legend: { labels: { color: token("--mh-text"), boxWidth: 12, font: font() } },
        tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${Math.round(item.raw * 10) / 10} %` } },
      },
      scales: { x: { ...axis(), stacked: true, max: 100, ticks: { color: token("--mh-quiet"), callback: (value) => `${value} %` } }, y },
    },
  };
}

function bars(rows, of) {
  const accent = token("--mh-accent");
  return { labels: rows.map((row) => row.label), datasets: [{ data: rows.map((row) => row[of]), backgroundColor: fade(accent), hoverBackgroundColor: accent, borderRadius: 3, maxBarThickness: 48, minBarLength: 2 }] };
}

function axis(of) {
  const ticks = { color: token("--mh-quiet"), font: font(), maxRotation: 50 };
  if (of) ticks.callback = (value) => (of === "count" && value % 1 ? null : say(value, of));
  if (of) ticks.maxTicksLimit = 6;
  return { beginAtZero: true, ticks, grid: { color: of ? token("--mh-line") : "transparent" }, border: { color: token("--mh-line") } };
}

function noLegend() {
  return { legend: { display: false } };
}

function font() {
  return { family: getComputedStyle(document.body).fontFamily, size: innerWidth >= 1900 ? 15 : 12 };
}

function token(name) {
  return getComputedStyle(document.querySelector(".mh-panel")).getPropertyValue(name).trim();
}

function fade(colour) {
  return `color-mix(in oklch, ${colour} 72%, ${token("--mh-surface")})`;
}

function hue(number, strong = false) {
  const light = (dark() ? 70 : 58) + (number >= HUES.length ? 12 : 0) + (strong ? 6 : 0);
  return `oklch(${light}% 0.13 ${HUES[number % HUES.length]})`;
}

function cut(text) {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

function say(value, of) {
  if (of === "count") return Math.round(value || 0).toLocaleString("en");
  if (of === "seconds") return value >= 864000 ? `${Math.round(value / 86400).toLocaleString("en")} d` : `${Math.round((10 * value) / 3600) / 10} h`;
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  let number = value || 0;
  for (; number >= 1000 && unit < units.length - 1; unit += 1) number /= 1000;
  return `${Number(number.toPrecision(3))} ${units[unit]}`;
}
