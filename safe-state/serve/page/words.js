"use strict";
// What is shown of values. Whatever comes from a job becomes text, and nothing else.

const Words = (() => {
  // Characters that do not show, or turn around what is read.
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb]/g;

  /** The text with a number in the place of what does not show. */
  const visible = (text) => String(text).replace(hidden, (it) => `\\u{${it.charCodeAt(0).toString(16)}}`);

  /** An element with text and other elements in it. */
  const el = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes ?? {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key === "onclick") made.addEventListener("click", value);
      else if (key === "value" || key === "hidden") made[key] = value;
      else made.setAttribute(key, value === true ? "" : value);
    }
    for (const child of children.flat()) {
      if (child === null || child === undefined) continue;
      made.append(child instanceof Node ? child : visible(child));
    }
    return made;
  };

  /** Changes the text of an element, if it is another one. */
  const put = (element, text) => {
    const shown = visible(text ?? "");
    if (element.textContent !== shown) element.textContent = shown;
  };

  const count = (number) => (number ?? 0).toLocaleString("en");
  const items = (number) => `${count(number)} ${number === 1 ? "item" : "items"}`;
  const itemsOf = (done, total) => (total === null || total === undefined ? items(done) : `${count(done)} of ${items(total)}`);
  const share = (done, total) => (total ? Math.min(1, done / total) : total === 0 ? 1 : null);
  const percent = (done, total) => {
    const part = share(done, total);
    if (part === null) return "";
    const whole = Math.floor(part * 1000) / 10;
    return `${part > 0 && part < 0.1 ? whole.toFixed(1) : Math.floor(whole)}\u00a0%`;
  };

  const rate = (perSecond) => {
    if (perSecond === null || perSecond === undefined) return "";
    if (perSecond !== 0 && perSecond < 0.1) return `${(perSecond * 60).toPrecision(2)} a minute`;
    const digits = perSecond >= 100 ? 0 : 1;
    return `${perSecond.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })} a second`;
  };

  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  /** The two largest parts of a time. */
  const duration = (seconds) => {
    if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
    if (seconds < 1) return seconds === 0 ? "0 s" : seconds < 0.001 ? "under 1 ms" : `${Math.round(seconds * 1000)} ms`;
    if (seconds < 10) return `${seconds.toFixed(1)} s`;
    let rest = Math.round(seconds);
    const parts = [];
    for (const [unit, length] of units) {
      const whole = Math.floor(rest / length);
      rest -= whole * length;
      if (whole > 0 || parts.length > 0) parts.push(`${whole} ${unit}`);
      if (parts.length === 2) break;
    }
    return parts.join(" ");
  };

  /** A time of an item or of saves, which may be much shorter than a second. */
  const time = (seconds) => {
    if (seconds === null || seconds === undefined || seconds >= 0.01 || seconds === 0) return duration(seconds);
    return seconds < 0.001 ? `${Math.round(seconds * 1e6)} µs` : `${(seconds * 1000).toFixed(1)} ms`;
  };
  /** A part of the whole, in percent. */
  const partOf = (part) => (part === null || part === undefined ? "" : `${(part * 100).toFixed(1)}\u00a0%`);

  /** How long the rest takes. */
  const left = (it) => (it ? `about ${duration(it.seconds)}` : "");
  /** Between what that probably is. */
  const sure = (it) => {
    if (!it || it.least === null) return "";
    if (it.most === null) return `at least ${duration(it.least)}`;
    const [least, most] = [duration(it.least), duration(it.most)];
    return least === most ? "" : `${least} to ${most}`;
  };

  const ago = (time) => {
    const seconds = (Date.now() - Date.parse(time)) / 1000;
    return seconds < 1.5 ? "just now" : `${duration(Math.round(seconds))} ago`;
  };
  const at = (time) => {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? String(time) : date.toLocaleString("en-GB", { hour12: false });
  };
  const bytes = (count) => {
    if (count < 1024) return `${count} bytes`;
    const steps = ["KiB", "MiB", "GiB"];
    let [size, step] = [count / 1024, 0];
    while (size >= 1024 && step < steps.length - 1) [size, step] = [size / 1024, step + 1];
    return `${size.toFixed(size < 10 ? 1 : 0)} ${steps[step]}`;
  };

  /** What a button says. */
  const labelOf = ({ label, item }) => (item === null || item === undefined ? label : `${label} item ${item}`);

  /** Where the page of a job is. */
  const link = (job) => `#/job/${encodeURIComponent(job)}`;

  /** A name of a state, with a colour beside it. */
  const state = (name) => el("span", { class: `state ${name}` }, name);
  const putState = (element, name) => {
    element.className = `state ${/^[a-z]+$/.test(name) ? name : ""}`;
    put(element, name);
  };

  /** A table under its names. */
  const table = (caption, names, rows, rowClass) => el("div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {},
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, names.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, rows.map((row, at) => el("tr", { class: rowClass?.(at) },
        row.map((cell) => (cell instanceof Node && cell.nodeName === "TD" ? cell : el("td", {}, cell))))))));

  return { visible, el, put, count, items, itemsOf, share, percent, rate, duration, time, partOf, left, sure, ago, at, bytes, labelOf, link, state, putState, table };
})();
