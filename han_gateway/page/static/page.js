// Draws what the gateway knows. Everything that comes from outside is put into the page as text, never as markup.
"use strict";
const words = JSON.parse(document.getElementById("words").textContent);
const language = document.documentElement.lang;
const SILENT_MS = 12000; // the gateway says something every 5 s
const HOUR_MS = 3600000;
const MOST_POINTS = 800;
const $ = (id) => document.getElementById(id);
let board = null; // how things stand
let log = [], hour = []; // what led to it
let ahead = 0; // by how much our clock is ahead of the gateway's
let heard = 0; // when we last heard from the gateway, by our clock
let token = localStorage.getItem("han-gateway-token");

const t = (key, ...values) => (words[key] ?? key).replace(/\{(\d)\}/g, (_, index) => values[index]);
const one = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const clock = (ms, seconds = true) =>
  new Date(ms).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false });

function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 100) return t("s", s);
  return s < 7200 ? t("min", Math.round(s / 60)) : t("h", Math.round(s / 3600));
}

function node(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) key in made ? (made[key] = value) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function text(where, words) {
  if (where.textContent !== String(words)) where.textContent = words;
}

// ---- how things stand

const overloaded = (lines) => lines.filter((line) => line.room_a !== null && line.room_a < 0).map((line) => line.name).join(", ");

function troubles() {
  const found = [];
  if (Date.now() - heard > SILENT_MS) found.push(["bad", t("why.gateway", clock(board.now))]);
  if (board.meter.state !== "fresh") found.push([board.meter.state === "lost" ? "bad" : "warn", t("why." + board.meter.state)]);
  if (board.meter.connected === false) found.push(["bad", t("why.source")]);
  if (board.meter.other_net) found.push(["bad", t("why.net", board.grid)]);
  if (board.broker === false) found.push(["bad", t("why.broker")]);
  if (board.trouble === "the broker refuses our limits") found.push(["bad", t("why.refused")]);
  const over = overloaded(board.lines);
  if (over) found.push(["bad", t("why.over", over)]);
  for (const circuit of board.circuits) {
    if (circuit.state && circuit.state !== "fresh") found.push([circuit.state === "lost" ? "bad" : "warn", t("why.circuit." + circuit.state, circuit.name)]);
    const full = overloaded(circuit.lines);
    if (full) found.push(["bad", t("why.circuit.over", circuit.name, full)]);
  }
  return found;
}

function drawState() {
  const found = troubles();
  const kind = found.some(([each]) => each === "bad") ? "bad" : found.length ? "warn" : "well";
  $("state").className = "notice " + kind;
  text($("state"), found.length ? found.map(([, why]) => "! " + why).join("\n") : "✓ " + t("all.well"));
  document.body.classList.toggle("old", Date.now() - heard > SILENT_MS);
  const ways = [t("meter." + board.meter.state) + (board.meter.heard_at ? " " + t("ago", span(Date.now() - ahead - board.meter.heard_at)) : "")];
  ways.push(t("broker." + board.broker));
  if (board.power_w !== null) {
    const kw = one.format(Math.abs(board.power_w) / 1000);
    ways.push(board.power_w < 0 ? t("sells", kw) : t("buys", kw));
  }
  text($("ways"), ways.map((each) => each.replaceAll(" ", "\u00a0")).join(" · "));
  text($("site"), board.site);
  text($("house"), t("fuse", short.format(board.fuse_a)) + " · " + board.grid);
  document.title = t("title", board.site);
}

// ---- the three phases

const TOP = 1.25; // the fuse stands at 80 % of a bar
function makeLine(line, of = "") {
  const part = (name) => node("i", { className: name });
  const bar = node("div", { className: "bar", role: "meter", "aria-valuemin": 0, "aria-label": of + line.name }, part("house"), part("car"), part("above"));
  const load = node("b", {}, node("small", { textContent: "≈" }), node("span"), node("small", { textContent: "A" }));
  const numbers = node("div", { "aria-hidden": "true" }, load, node("p"), node("em"));
  return node("div", { className: "phase" }, bar, node("h2", { textContent: line.name, "aria-hidden": "true" }), numbers);
}

function drawLine(where, line, fuse) {
  const bar = where.querySelector(".bar");
  const known = line.load_a !== null;
  const cars = known ? Math.min(line.chargers_a ?? 0, line.load_a) : 0;
  const parts = { house: [0, known ? line.load_a - cars : 0], car: [known ? line.load_a - cars : 0, cars], above: [fuse, known ? Math.max(0, line.load_a - fuse) : 0] };
  for (const [name, [from, size]] of Object.entries(parts)) {
    const style = bar.querySelector("." + name).style;
    style.bottom = (100 * Math.min(from, TOP * fuse)) / (TOP * fuse) + "%";
    style.height = (100 * Math.min(size, TOP * fuse)) / (TOP * fuse) + "%";
  }
  const room = !known ? t("unknown") : line.room_a < 0 ? t("over", one.format(-line.room_a)) : t("room", one.format(line.room_a));
  bar.setAttribute("aria-valuemax", fuse);
  bar.setAttribute("aria-valuenow", known ? line.load_a : 0);
  bar.setAttribute("aria-valuetext", known ? t("line", line.name, (line.estimated ? t("estimated") + " " : "") + one.format(line.load_a), short.format(fuse), room) : t("line.unknown", line.name));
  const [about, unit] = where.querySelectorAll("small");
  about.hidden = !known || !line.estimated;
  unit.hidden = !known;
  text(where.querySelector("b span"), !known ? "?" : line.load_a < 99.95 ? one.format(line.load_a) : Math.round(line.load_a));
  text(where.querySelector("p"), (line.room_a < 0 ? "! " : "") + room);
  text(where.querySelector("em"), line.estimated ? t("estimated") : "");
  where.classList.toggle("over", known && line.room_a < 0);
}

function drawLines() {
  const where = $("lines");
  if (where.children.length !== board.lines.length) where.replaceChildren(...board.lines.map((line) => makeLine(line)));
  board.lines.forEach((line, index) => drawLine(where.children[index], line, board.fuse_a));
  $("fuse").dataset.text = t("fuse.short", short.format(board.fuse_a));
}

// ---- the sub-fuses, each with its three phases

function makeCircuit(circuit) {
  const made = node("li", { className: "circuit" }, node("h3", {}, circuit.name + " ", node("small")), node("div", { className: "lines" }, ...circuit.lines.map((line) => makeLine(line, circuit.name + " "))));
  made.dataset.name = circuit.name;
  return made;
}

function drawCircuit(where, circuit) {
  text(where.querySelector("small"), t("fuse.short", short.format(circuit.fuse_a)));
  const lines = where.querySelector(".lines").children;
  circuit.lines.forEach((line, index) => drawLine(lines[index], line, circuit.fuse_a));
}

function drawCircuits() {
  $("below").hidden = !board.circuits.length;
  drawList($("circuits"), board.circuits, makeCircuit, drawCircuit);
}

function drawList(where, all, make, drawOne) { // one element for each, made anew when the names are others
  if ([...where.children].map((each) => each.dataset.name).join("\n") !== all.map((each) => each.name).join("\n")) where.replaceChildren(...all.map(make));
  all.forEach((each, index) => drawOne(where.children[index], each));
}

// ---- the chargers

function makeCharger(charger) {
  const made = node("li", { className: "charger" });
  made.dataset.name = charger.name;
  made.append(
    node("h3", {}, node("span"), node("small")), node("p", { className: "limit" }, node("small", { textContent: t("limit") }), node("span")), node("p", { className: "does" }), node("p", { className: "draws" }),
    node("div", { className: "share", "aria-hidden": "true" }, node("i"), node("i")),
    node("p", { className: "reason" }), node("p", { className: "trouble" }), node("div", { className: "acts" }),
  );
  return made;
}

function drawCharger(where, charger) {
  const at = (name) => where.querySelector(name);
  text(at("h3 span"), charger.name);
  text(at("h3 small"), (charger.lines ?? []).join(" "));
  at(".limit small").hidden = !charger.limit_a;
  text(at(".limit span"), charger.limit_a === null ? "?" : charger.limit_a ? short.format(charger.limit_a) + " A" : t("pause"));
  const unheard = charger.state === "allowed" && charger.conduct === "unknown"; // it may charge, for all we know: is it there?
  const does = [unheard ? t("unheard") : charger.state ? t("state." + charger.state) : "…"];
  if (charger.wish === "boost") does.push(t("boosted"));
  if (charger.queue) does.push(t("queue", charger.queue));
  if (charger.since && !unheard) does.push(t("since", span(Date.now() - ahead - charger.since)));
  text(at(".does"), does.join(" · "));
  text(at(".draws"), charger.draws_a === null ? "" : t("draws", one.format(charger.draws_a)));
  const [limit, draw] = where.querySelectorAll(".share i");
  limit.style.width = (100 * (charger.limit_a ?? 0)) / charger.max_a + "%";
  draw.style.width = (100 * Math.min(charger.draws_a ?? 0, charger.max_a)) / charger.max_a + "%";
  text(at(".reason"), charger.reason ? charger.reason[language] : "");
  const wrong = ["conduct." + charger.conduct, "accord." + charger.accord].filter((key) => key in words);
  text(at(".trouble"), wrong.length ? "⚠\uFE0E " + wrong.map((key) => t(key)).join(" · ") : "");
  drawActs(at(".acts"), charger.name);
}

function drawActs(where, name) {
  const may = token && board.actions && board.commands.includes(name);
  if (Boolean(where.children.length) === Boolean(may)) return;
  const acts = ["pause", "resume", "boost", "restart"].map((word) =>
    node("button", { type: "button", textContent: t("command." + word), "aria-label": t("command." + word) + ": " + name, onclick: () => say(`chargers/${name}/command`, word) }));
  where.replaceChildren(...(may ? acts : []));
}

function drawChargers() {
  if (board.chargers.length) drawList($("chargers"), board.chargers, makeCharger, drawCharger);
  else $("chargers").replaceChildren(node("li", { className: "empty", textContent: t("no.chargers") }));
}

// ---- the last hour

const SVG = "http://www.w3.org/2000/svg";
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function area(points, x, y) { // runs of neighbours; a silence is a gap
  const runs = [];
  const usual = hour.length > 2 ? Math.max(15000, (4 * (hour.at(-1)[0] - hour[0][0])) / hour.length) : 15000;
  let last = null;
  for (const [at, value] of points) {
    if (value === null) { last = null; continue; }
    if (last === null || at - last > usual) runs.push([]);
    runs.at(-1).push([x(at), y(value)]);
    last = at;
  }
  return runs.map((run) => `M${run[0][0]} 100` + run.map(([left, top]) => `H${left}V${top}`).join("") + `H${Math.min(1000, Number(run.at(-1)[0]) + 2)}V100Z`).join("");
}

function drawHour() {
  const until = Date.now() - ahead;
  hour = hour.filter((point) => until - point[0] <= HOUR_MS);
  const from = Math.max(until - HOUR_MS, Math.min(hour.length ? hour[0][0] : until, until - 60000));
  const x = (at) => ((1000 * (at - from)) / (until - from)).toFixed(1);
  const y = (amps) => (100 - Math.min(100, (100 * amps) / (board.fuse_a * TOP))).toFixed(1);
  const minutes = Math.round((until - from) / 60000);
  text($("span"), minutes >= 59 ? t("hour") : t("minutes", minutes));
  text($("from"), clock(from, false));
  $("hour").replaceChildren(...board.lines.map((line, index) => {
    const loads = hour.map((point) => [point[0], point[1 + index]]);
    const house = hour.map((point) => [point[0], point[1 + index] === null ? null : Math.max(0, point[1 + index] - (point[4 + index] ?? 0))]);
    const highest = loads.reduce((most, [, load]) => (load !== null && load > most ? load : most), -1);
    const picture = shape("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img" });
    const clip = shape("clipPath", { id: "above-" + line.name });
    clip.append(shape("rect", { x: 0, y: 0, width: 1000, height: y(board.fuse_a) }));
    const load = area(loads, x, y), fuse = y(board.fuse_a);
    const words = highest < 0 ? t("unknown") : t("highest", one.format(highest));
    picture.setAttribute("aria-label", `${line.name}: ${words}`);
    picture.append(clip, shape("path", { class: "load", d: load }), shape("path", { class: "house", d: area(house, x, y) }),
      shape("path", { class: "above", d: load, "clip-path": `url(#above-${line.name})` }), shape("path", { class: "line", d: `M0 ${fuse}H1000` }));
    return node("div", { className: "strip" }, node("b", { textContent: line.name, "aria-hidden": "true" }), node("div", {}, picture, node("small", { textContent: words, "aria-hidden": "true" })));
  }));
}

function remember() { // what just came is a point of the hour, too
  const at = board.meter.heard_at;
  if (at === null || (hour.length && at - hour.at(-1)[0] < 500)) return;
  hour.push([at, ...board.lines.map((line) => line.load_a), ...board.lines.map((line) => line.chargers_a)]);
  if (hour.length > MOST_POINTS) hour = hour.filter((_, index) => index % 2);
}

// ---- the log of decisions

function drawLog(fresh) {
  const line = (told) => node("li", { className: "level-" + told.level },
    node("time", { textContent: clock(told.at), dateTime: new Date(told.at).toISOString() }),
    node("span", {}, ...(told.level === "warning" ? [node("span", { className: "hide", textContent: t("level.warning") + ": " })] : []), told.text[language]));
  if (!log.length) $("log").replaceChildren(node("li", { className: "empty", textContent: t("no.log") }));
  else if (fresh === log) $("log").replaceChildren(...log.map(line).reverse());
  else if (fresh.length) {
    $("log").querySelector(".empty")?.remove();
    $("log").prepend(...fresh.map(line).reverse());
    while ($("log").children.length > 200) $("log").lastChild.remove();
  }
  $("all").hidden = log.length <= 8;
}

// ---- what may be said

async function say(to, said) {
  let words;
  try {
    const answer = await fetch("say", { method: "POST", headers: { Authorization: "Bearer " + token }, body: JSON.stringify({ to, words: said }) });
    words = answer.ok ? t("sent") : t("refused", (await answer.json()).refused);
    if (answer.status === 403) lock(null);
  } catch { words = t("refused", t("why.gateway", clock(board.now))); }
  $("said").textContent = words;
}

function lock(key) {
  token = key;
  if (key) localStorage.setItem("han-gateway-token", key);
  else localStorage.removeItem("han-gateway-token");
  draw();
}

function makeCap(cap) {
  const input = node("input", { id: "cap-" + cap.name, type: "number", min: cap.least, max: cap.most, step: "any", required: true, value: cap.value });
  const form = node("form", { onsubmit: (event) => { event.preventDefault(); say(`caps/${cap.name}/set`, input.value); } },
    node("label", { htmlFor: input.id, textContent: `${t("cap." + cap.name)} (${cap.unit})` }), input, node("button", { textContent: t("set") }),
    node("button", { type: "button", textContent: t("reset"), onclick: () => say(`caps/${cap.name}/set`, "none") }),
    node("p", { textContent: t("bounds", short.format(cap.least), short.format(cap.most), cap.unit) }));
  form.dataset.value = cap.value;
  return form;
}

function drawControls() {
  const open = Boolean(token);
  const caps = board.caps.filter((cap) => cap.least < cap.most);
  $("controls").hidden = !board.actions || !(caps.length || board.commands.length);
  $("key").hidden = open;
  $("lock").hidden = $("caps").hidden = !open;
  const now = caps.map((cap) => cap.name + cap.value).join();
  if ($("caps").dataset.shown !== now && !$("caps").contains(document.activeElement)) {
    $("caps").replaceChildren(...caps.map(makeCap));
    $("caps").dataset.shown = now;
  }
}

// ---- news

function draw() {
  drawState(); drawLines(); drawCircuits(); drawChargers(); drawControls();
}

function take(news, everything) {
  const { log: told, hour: past, ...now } = news;
  const before = board;
  board = now;
  heard = Date.now();
  ahead = heard - board.now;
  if (everything) { log = told; hour = past; }
  const fresh = everything ? log : told.filter((line) => !log.length || line.number > log.at(-1).number);
  if (!everything) { log = [...log, ...fresh].slice(-200); remember(); }
  draw();
  drawLog(fresh);
  if (everything || before.meter.heard_at !== board.meter.heard_at) drawHour();
}

let source = null;
function listen() {
  source?.close();
  source = new EventSource("events");
  source.addEventListener("whole", (event) => take(JSON.parse(event.data), true));
  source.addEventListener("news", (event) => take(JSON.parse(event.data), false));
  source.addEventListener("beat", () => { heard = Date.now(); });
}

setInterval(() => {
  if (board) drawState();
  if (Date.now() - heard > SILENT_MS && source.readyState === EventSource.CLOSED)
    fetch("status.json").then((answer) => answer.json()).then((all) => { take(all, true); listen(); }).catch(() => {});
}, 1000);
setInterval(() => { if (board) { drawChargers(); drawHour(); } }, 15000);
document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - heard > SILENT_MS) listen(); });
$("log").classList.add("short");
$("all").onclick = () => $("all").setAttribute("aria-expanded", String(!$("log").classList.toggle("short")));
$("key").onsubmit = (event) => { event.preventDefault(); lock($("token").value); $("token").value = ""; };
$("lock").onclick = () => lock(null);
listen();
