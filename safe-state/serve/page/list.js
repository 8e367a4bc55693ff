"use strict";
// All jobs, a part of them at a time.

const List = (() => {
  const { el, put, count, itemsOf, percent, share, rate, left, sure, ago, at, link, putState } = Words;
  const PART = 50;
  const states = ["running", "paused", "failed", "unreadable", "killed", "open", "stopped", "waiting", "abandoned", "finished"];
  const sorts = [["name", "by name"], ["state", "what runs or failed first"], ["updated", "latest saved first"]];

  /** What a row shows, and how it is changed. */
  class Row {
    constructor() {
      this.name = el("a", {});
      this.state = el("span", { class: "state" });
      this.asked = el("span", { class: "dim" });
      this.bar = el("progress", { max: "1" });
      this.done = el("span", {});
      this.speed = el("span", {});
      this.left = el("span", {});
      this.sure = el("span", { class: "dim" });
      this.given = el("span", {});
      this.updated = el("time", {});
      this.trouble = el("span", { class: "trouble" });
      const cell = (label, ...parts) => el("td", { "data-label": label }, el("div", { class: "value" }, ...parts));
      this.element = el("tr", {},
        el("th", { scope: "row" }, this.name, this.trouble),
        cell("State", this.state, this.asked), cell("Done", this.bar, this.done),
        cell("Rate", this.speed), cell("Left", this.left, this.sure), cell("Given up", this.given), cell("Saved", this.updated));
    }

    show(listed) {
      const job = listed.job;
      this.job = job;
      put(this.name, job.job);
      const href = link(job.job);
      if (this.name.getAttribute("href") !== href) this.name.setAttribute("href", href);
      putState(this.state, job.state);
      put(this.asked, job.asked ? ` asked to ${job.asked}` : "");
      const trouble = job.error ?? listed.trouble ?? "";
      put(this.trouble, trouble.length > 160 ? `${trouble.slice(0, 160)}…` : trouble);
      const part = share(job.completed ?? 0, job.total ?? null);
      this.bar.hidden = part === null;
      if (part !== null) this.bar.value = part;
      this.bar.setAttribute("aria-label", `${percent(job.completed, job.total)} done`);
      put(this.done, job.error ? "" : `${itemsOf(job.completed, job.total)}${part === null ? "" : `, ${percent(job.completed, job.total)}`}`);
      put(this.speed, rate(listed.items_per_second));
      put(this.left, left(listed.left));
      put(this.sure, sure(listed.left));
      put(this.given, job.dead_letters ? count(job.dead_letters) : "");
      this.tick();
    }

    tick() {
      const time = this.job.updated_at;
      put(this.updated, time ? ago(time) : "");
      if (time) this.updated.setAttribute("title", at(time));
    }
  }

  class View {
    constructor(query, page) {
      this.page = page;
      this.query = { q: query.get("q") ?? "", state: query.get("state") ?? "", sort: query.get("sort") ?? "name", offset: Number(query.get("offset")) || 0 };
      this.rows = [];
      this.build();
      this.connect();
      this.timer = setInterval(() => this.rows.forEach((row) => row.tick()), 1000);
    }

    build() {
      const option = (value, text, chosen) => el("option", { value, selected: value === chosen }, text);
      this.q = el("input", { type: "search", id: "q", value: this.query.q, autocomplete: "off", spellcheck: "false" });
      this.state = el("select", { id: "state" }, option("", "in any state", this.query.state), states.map((it) => option(it, it, this.query.state)));
      this.sort = el("select", { id: "sort" }, sorts.map(([value, text]) => option(value, text, this.query.sort)));
      const waits = () => {
        clearTimeout(this.typing);
        this.typing = setTimeout(() => this.ask(0), 150);
      };
      this.q.addEventListener("input", waits);
      this.state.addEventListener("change", () => this.ask(0));
      this.sort.addEventListener("change", () => this.ask(0));
      this.counts = el("p", { class: "counts", id: "counts" });
      this.body = el("tbody", {});
      this.before = el("button", { type: "button", onclick: () => this.ask(this.query.offset - PART) }, "Before");
      this.behind = el("button", { type: "button", onclick: () => this.ask(this.query.offset + PART) }, "Next");
      this.where = el("span", {});
      const names = ["Job", "State", "Done", "Rate", "Left", "Given up", "Saved"];
      this.element = el("section", { "aria-labelledby": "title" },
        el("h1", { id: "title" }, "Jobs"), this.counts,
        el("form", { class: "tools", role: "search" },
          el("label", { for: "q" }, "Name has"), this.q,
          el("label", { for: "state" }, "and is"), this.state,
          el("label", { for: "sort" }, "listed"), this.sort),
        el("table", { class: "jobs" }, el("caption", { class: "unseen" }, "Jobs"),
          el("thead", {}, el("tr", {}, names.map((it) => el("th", { scope: "col" }, it)))), this.body),
        el("nav", { class: "pages", "aria-label": "Parts of the list" }, this.before, this.where, this.behind));
      this.element.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    }

    /** Another part, which its link leads to as well. */
    ask(offset) {
      this.query = { q: this.q.value, state: this.state.value, sort: this.sort.value, offset: Math.max(0, offset) };
      const said = new URLSearchParams(Object.entries(this.query).filter(([key, value]) => value && !(key === "sort" && value === "name")));
      history.replaceState(null, "", said.size ? `#/?${said}` : "#/");
      this.connect();
    }

    connect() {
      this.events?.close();
      const query = new URLSearchParams({ ...this.query, limit: PART });
      this.events = this.page.listen(`api/jobs/events?${query}`, {
        window: (told) => this.showAll(told),
        rows: (told) => this.showSome(told),
      });
      // The answer comes with what was read for it; the events with what has changed since.
      fetch(`api/jobs?${query}`).then((it) => it.json()).then((told) => this.showAll(told)).catch(() => {});
    }

    showAll(told) {
      while (this.rows.length > told.jobs.length) this.rows.pop().element.remove();
      told.jobs.forEach((listed, at) => {
        if (!this.rows[at]) {
          this.rows[at] = new Row();
          this.body.append(this.rows[at].element);
        }
        this.rows[at].show(listed);
      });
      this.showCounts(told);
    }

    showSome({ counts, jobs }) {
      const shown = new Map(this.rows.map((row) => [row.job.job, row]));
      jobs.forEach((listed) => shown.get(listed.job.job)?.show(listed));
      this.showCounts(counts);
    }

    showCounts({ total, found, unread, states: by, trouble }) {
      const parts = [`${count(total)} ${total === 1 ? "job" : "jobs"}`];
      for (const state of states) if (by[state]) parts.push(`${count(by[state])} ${state}`);
      if (unread) parts.push(`${count(unread)} still to be read`);
      put(this.counts, trouble ?? parts.join(", "));
      this.counts.classList.toggle("trouble", Boolean(trouble));
      const [first, last] = [this.query.offset + 1, Math.min(this.query.offset + PART, found)];
      put(this.where, found === 0 ? "no job" : `${count(first)} to ${count(last)} of ${count(found)}`);
      this.before.disabled = this.query.offset === 0;
      this.behind.disabled = last >= found;
      this.element.querySelector(".pages").hidden = found <= PART && this.query.offset === 0 && found > 0;
    }

    remove() {
      this.events?.close();
      clearInterval(this.timer);
      clearTimeout(this.typing);
    }
  }

  return { View };
})();
