"use strict";
// Plots over time, in the colours of the page.

const Plots = (() => {
  const { el, put } = Words;
  const all = new Set();
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const two = (number) => String(number).padStart(2, "0");

  /** Times of day, or days, as far apart as they are. */
  const times = (_, splits, axis, space, step) => splits.map((it) => {
    const date = new Date(it * 1000);
    if (step >= 86400) return `${date.getDate()} ${months[date.getMonth()]}`;
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return step >= 60 ? minutes : `${minutes}:${two(date.getSeconds())}${step < 1 ? `.${Math.floor(date.getMilliseconds() / 100)}` : ""}`;
  });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  /** A plot of one line over time. `label` says what it is of, and `told` what it shows, to those who do not see it. */
  class Plot {
    constructor(label, { steps = false, near = false } = {}) {
      this.label = label;
      this.near = near;
      this.steps = steps;
      this.data = [[], []];
      this.box = el("div", { class: "plot", role: "img", "aria-label": label });
      this.told = el("figcaption", {});
      this.figure = el("figure", {}, this.told, this.box);
      put(this.told, label);
      this.size = new ResizeObserver(() => this.fit());
      this.size.observe(this.box);
      all.add(this);
    }

    show(times, values, told) {
      this.data = [times, values];
      this.box.setAttribute("aria-label", `${this.label}: ${told}`);
      put(this.told, `${this.label}: ${told}`);
      if (this.plot) this.plot.setData(this.data);
      else this.draw();
    }

    draw() {
      this.plot?.destroy();
      this.plot = null;
      const width = this.box.clientWidth;
      if (width === 0 || this.data[0].length < 2) return;
      const [line, grid, text] = [colour("--accent"), colour("--line"), colour("--dim")];
      const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
      const numbers = (_, splits) => splits.map((it) => it.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 }));
      this.plot = new uPlot({
        width,
        height: 160,
        legend: { show: false },
        cursor: { drag: { x: true, y: false }, points: { size: 6 } },
        scales: { y: { range: (_, least, most) => this.range(least ?? 0, most || 1) } },
        axes: [{ ...axis, space: 80, values: times }, { ...axis, size: 52, values: numbers }],
        series: [{}, {
          stroke: line, width: 2, fill: colour("--accent-faint"), points: { show: false },
          paths: this.steps ? uPlot.paths.stepped({ align: -1 }) : undefined,
        }],
      }, this.data, this.box);
    }

    /** From 0, or near what there is: of much that is done, little is new. */
    range(least, most) {
      const room = Math.max((most - least) * 0.1, 1);
      return this.near && least > most / 2 ? [least - room, most + room] : [0, most * 1.05];
    }

    fit() {
      if (!this.plot) this.draw();
      else if (this.plot.width !== this.box.clientWidth) this.plot.setSize({ width: this.box.clientWidth, height: 160 });
    }

    remove() {
      this.size.disconnect();
      this.plot?.destroy();
      all.delete(this);
    }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => all.forEach((it) => it.draw()));

  /** The rates between looks, of two seconds at least each. */
  const rates = (looks) => {
    const [times, values] = [[], []];
    let from = looks[0];
    for (const look of looks.slice(1)) {
      const seconds = (look[0] - from[0]) / 1000;
      if (seconds < 2) continue;
      times.push(look[0] / 1000);
      values.push((look[1] - from[1]) / seconds);
      from = look;
    }
    return [times, values];
  };

  return { Plot, rates };
})();
