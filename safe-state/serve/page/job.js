"use strict";
// One job: how far it is, how fast, what went wrong, and what can be done with it.

const JobPage = (() => {
  const { el, put, count, items, itemsOf, percent, share, rate, duration, time, partOf, left, sure, at, ago, bytes, labelOf, state, putState, table } = Words;
  const PART = 50;
  const MOST_LOOKS = 1200;

  /** A part of the page that is made anew when what it shows has changed, and hidden when there is nothing. */
  class Part {
    constructor(title, make) {
      this.make = make;
      this.body = el("div", {});
      this.element = el("section", { "aria-label": title, hidden: true }, el("h2", {}, title), this.body);
    }

    show(...told) {
      const text = JSON.stringify(told);
      if (text === this.text) return;
      this.text = text;
      const made = this.make(...told);
      this.element.hidden = made === null;
      if (made !== null) this.body.replaceChildren(...[made].flat().filter(Boolean));
    }
  }

  const runsPart = () => new Part("Runs", (history) => {
    const longest = Math.max(...history.map((it) => it.seconds ?? 0), 0.001);
    const speed = (it) => (it.seconds > 0 ? it.completed / it.seconds : null);
    const fastest = Math.max(...history.map((it) => speed(it) ?? 0), 0);
    const isTimed = history.some((it) => it.items !== null);
    const isSaved = history.some((it) => it.saving !== null);
    const bar = (part) => {
      const made = el("span", { class: "bar", "aria-hidden": "true" });
      made.style.setProperty("--part", `${Math.max(1, part * 100)}%`);
      return made;
    };
    const rows = [...history].reverse().map((it) => [
      `${it.run}`, state(it.end), at(it.started_at),
      el("td", {}, bar((it.seconds ?? 0) / longest), duration(it.seconds)),
      items(it.completed),
      el("td", {}, bar(fastest > 0 ? (speed(it) ?? 0) / fastest : 0), rate(speed(it))),
      ...(isTimed ? [time(it.items?.median_seconds), time(it.items?.p99_seconds)] : []),
      ...(isSaved ? [saving(it.saving)] : []),
      `process ${it.pid} on ${it.host}`]);
    const names = ["Run", "End", "Began", "Took", "Completed", "Rate", ...(isTimed ? ["Median item", "99\u00a0% of items"] : []), ...(isSaved ? ["Saving"] : []), "Where"];
    return history.length === 0 ? null : table("Runs, the latest first", names, rows);
  });

  /** What saving cost, in words. */
  const saving = (it) => {
    if (!it || it.saves === 0) return "";
    const part = partOf(it.share);
    return `${count(it.saves)} ${it.saves === 1 ? "save" : "saves"}, ${time(it.seconds)}${part ? ` (${part})` : ""}`;
  };

  const timingsPart = () => new Part("Timings", (timings) => {
    const all = timings?.all_runs;
    if (!all?.items && !all?.saving.saves) return null;
    const isOne = JSON.stringify(timings.last_run) === JSON.stringify(all);
    const rows = [["Last run", timings.last_run], ...(isOne ? [] : [["All runs", all]])];
    const isTimed = all.items !== null;
    const figures = (it) => [count(it?.count), time(it?.median_seconds), time(it?.p90_seconds), time(it?.p99_seconds), time(it?.longest_seconds)];
    const names = isTimed ? ["Items", "Median", "90\u00a0% within", "99\u00a0% within", "Longest"] : [];
    const measured = table("Times of items, and what saving cost", ["Of", ...names, "Saving"],
      rows.map(([of, it]) => [of, ...(isTimed ? figures(it.items) : []), saving(it.saving)]));
    if (all.slowest.length === 0) return measured;
    const isCaptured = all.slowest.some((it) => it.captured !== "");
    const where = (it) => [`Item ${it.index}`, it.loop === 0 && it.within.length === 0 ? "" : ` of loop ${it.loop}`, it.within.length > 0 ? ` in item ${it.within.join(", ")}` : "", it.key === null ? "" : `, key ${it.key}`].join("");
    const slowest = table("The slowest items of all runs", ["Slowest items", "Took", ...(isCaptured ? ["Captured"] : [])],
      all.slowest.map((it) => [where(it), time(it.seconds), ...(isCaptured ? [it.captured] : [])]));
    return [measured, slowest];
  });

  const loopsPart = () => new Part("Loops", (loops) => {
    if (loops.length < 2) return null;
    const end = { Exhausted: "at its end", Left: "left by a break" };
    return table("Loops, in the function's order", ["Loop", "Within items", "Complete", "By key", "End"], loops.map((it) => [
      `${it.number}`, it.within.join(", "), itemsOf(it.completed, it.total), it.keys === null ? "" : count(it.keys), it.end ? end[it.end] ?? it.end : ""]));
  });

  const flightPart = () => new Part("In flight", (inFlight) => {
    const some = (list) => `${list.slice(0, 64).join(", ")}${list.length > 64 ? `, and ${count(list.length - 64)} more` : ""}`;
    return inFlight.length === 0 ? null : inFlight.map((it) => el("p", {}, `Loop ${it.loop_id}: ${items(it.items.length)} under way at the last save: ${some(it.items)}`));
  });

  /** Ranges as `0-4,7`, as pairs. */
  const ranges = (text) => text.split(",").map((it) => it.trim()).filter(Boolean).map((it) => {
    const [first, last] = it.split("-").map(Number);
    return [first, last ?? first];
  });

  const slicesPart = () => new Part("Slices", (slices) => (slices.length === 0 ? null : slices.map((it) => {
    const strip = el("canvas", { class: "strip", width: 1024, height: 16, role: "img", "aria-label": `Finished slices of loop ${it.loop}: ${it.finished_slices || "none"}` });
    const paint = strip.getContext("2d");
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    paint.fillStyle = colour("--line");
    paint.fillRect(0, 0, 1024, 16);
    paint.fillStyle = colour("--good");
    for (const [first, last] of ranges(it.finished_slices)) paint.fillRect((first / it.count) * 1024, 0, Math.max(1, ((last - first + 1) / it.count) * 1024), 16);
    return el("figure", {}, el("figcaption", {}, `Loop ${it.loop}: ${count(it.finished)} of ${count(it.count)} slices finished, cut by ${String(it.cut).toLowerCase()}`), strip);
  })));

  const workersPart = () => new Part("Workers", (workers, memory) => {
    if (workers.length === 0) return null;
    const taken = (it) => memory.find(({ pid, host }) => pid === it.pid && host === it.host);
    const rows = workers.map((it) => [
      `process ${it.pid} on ${it.host}${it.task === null ? "" : `, task ${it.task}`}`, `${it.slice} of loop ${it.loop}`, at(it.since), itemsOf(it.completed, it.total),
      it.straggles ? el("td", {}, rate(it.items_per_second), " ", el("b", { class: "trouble" }, "lags behind")) : rate(it.items_per_second),
      taken(it) ? bytes(taken(it).bytes) : ""]);
    return table("Workers, and the slices that they have", ["Worker", "Slice", "Since", "Complete", "Rate", "Memory"], rows);
  });

  const pressesPart = () => new Part("Buttons pressed", (presses) => (presses.length === 0 ? null
    : table("Buttons that were pressed, the latest first", ["When", "Button", "Who", "What was done"], [...presses].reverse().map((it) => [at(it.at), it.verb, it.who, it.done]))));

  const failurePart = (page, job) => new Part("Last failure", (failure, report, death) => {
    if (!failure && !death) return null;
    const facts = [];
    if (failure) {
      const where = failure.index === null ? "Outside the loop" : `Item ${failure.index}`;
      facts.push(el("p", { class: "trouble message" }, `${where}: ${failure.message}`));
      failure.causes.forEach((it) => facts.push(el("p", { class: "cause" }, `caused by: ${it}`)));
      facts.push(el("p", { class: "dim" }, [failure.error_type, failure.location && `at ${failure.location}`, at(failure.at)].filter(Boolean).join(", ")));
      if (failure.captured.length > 0) facts.push(table("Captured values", ["Captured", "Value"], failure.captured.map((it) => [it.name, it.value])));
      facts.push(el("p", {}, el("a", { href: page.reportOf(job), target: "_blank", rel: "noreferrer" }, "The report as a page of its own")));
      if (report) facts.push(el("details", {}, el("summary", {}, "The report as text"), el("pre", { tabindex: "0" }, report)));
    }
    if (death) facts.push(el("p", { class: "trouble" }, `The process died in ${death.item === null ? "an item" : `item ${death.item}`}, ${death.times === 1 ? "once" : `${death.times} times`}${death.cause ? ` (${death.cause})` : ""}`));
    return facts;
  });

  /** The items given up, a part of them at a time. */
  class Letters {
    constructor(page, job) {
      [this.page, this.job, this.offset, this.count, this.shown] = [page, job, 0, 0, []];
      this.list = el("ol", { class: "letters" });
      this.where = el("span", {});
      this.before = el("button", { type: "button", onclick: () => this.turn(this.offset - PART) }, "Before");
      this.behind = el("button", { type: "button", onclick: () => this.turn(this.offset + PART) }, "Next");
      this.pages = el("nav", { class: "pages", "aria-label": "Parts of the items given up" }, this.before, this.where, this.behind);
      this.element = el("section", { "aria-label": "Given up", hidden: true }, el("h2", {}, "Given up"), this.list, this.pages);
    }

    show(now) {
      if (now === this.count) return;
      // What is shown stays as it is, open or closed, while others come behind it.
      const isFull = this.count >= this.offset + PART && now > this.count;
      this.count = now;
      this.element.hidden = now === 0;
      if (isFull) this.showPages();
      else this.turn(Math.min(this.offset, Math.max(0, now - 1)));
    }

    async turn(offset) {
      this.offset = Math.max(0, Math.floor(offset / PART) * PART);
      const told = await this.page.letters(this.job, this.offset, PART).catch(() => null);
      if (!told) return;
      this.count = told.count;
      this.list.start = this.offset + 1;
      const shown = told.dead_letters.map((it) => JSON.stringify(it));
      told.dead_letters.forEach((it, at) => {
        if (this.shown[at] === shown[at]) return;
        const made = this.letter(it, this.page.reportOf(this.job, this.offset + at));
        if (this.list.children[at]) this.list.children[at].replaceWith(made);
        else this.list.append(made);
      });
      while (this.list.children.length > shown.length) this.list.lastChild.remove();
      this.shown = shown;
      this.showPages();
    }

    showPages() {
      this.before.disabled = this.offset === 0;
      this.behind.disabled = this.offset + PART >= this.count;
      put(this.where, `${count(this.offset + 1)} to ${count(Math.min(this.offset + PART, this.count))} of ${count(this.count)}`);
      this.pages.hidden = this.count <= PART;
    }

    letter({ failure, attempts, within, loop, key }, report) {
      const place = [loop === 0 && within.length === 0 ? "" : ` of loop ${loop}`, within.length > 0 ? ` in item ${within.join(", ")}` : ""].join("");
      return el("li", {}, el("details", {},
        el("summary", {}, el("b", {}, `Item ${failure.index ?? 0}${place}`), " ", el("span", { class: "trouble" }, failure.message)),
        failure.causes.map((it) => el("p", { class: "cause" }, `caused by: ${it}`)),
        el("p", { class: "dim" }, [failure.error_type, failure.location && `at ${failure.location}`, at(failure.at), `tried ${attempts === 1 ? "once" : `${attempts} times`}`, key === null ? null : `key ${key}`].filter(Boolean).join(", ")),
        failure.captured.length > 0 ? table("Captured values", ["Captured", "Value"], failure.captured.map((it) => [it.name, it.value])) : null,
        report === null ? null : el("p", {}, el("a", { href: report, target: "_blank", rel: "noreferrer" }, "The report as a page of its own"))));
    }
  }

  class View {
    constructor(job, page) {
      [this.job, this.page, this.looks] = [job, page, []];
      this.build();
      this.load();
      this.timer = setInterval(() => this.tick(), 1000);
    }

    build() {
      this.state = el("span", { class: "state" });
      this.asked = el("span", { class: "dim" });
      this.verbs = el("div", { class: "verbs", role: "group", "aria-label": "What can be done" });
      this.bar = el("progress", { max: "1", class: "wide", "aria-label": "Done" });
      this.done = el("p", { class: "done" });
      this.facts = new Map();
      this.list = el("dl", { class: "facts" });
      this.progress = new Plots.Plot("Complete items", { near: true });
      this.rate = new Plots.Plot("Rate", { steps: true });
      this.runs = new Plots.Plot("Items completed over all runs");
      this.plots = el("section", { class: "plots", "aria-label": "Over time" }, this.progress.figure, this.rate.figure, this.runs.figure);
      this.parts = { failure: failurePart(this.page, this.job), letters: new Letters(this.page, this.job), loops: loopsPart(), flight: flightPart(), slices: slicesPart(), workers: workersPart(), presses: pressesPart(), timings: timingsPart(), history: runsPart() };
      this.trouble = el("p", { class: "trouble", role: "alert", hidden: true });
      const { failure, letters, loops, flight, slices, workers, presses, timings, history } = this.parts;
      this.all = el("div", { hidden: true }, el("div", { class: "head" }, this.state, this.asked, this.verbs), this.done, this.bar, this.list, failure.element, this.plots,
        flight.element, slices.element, workers.element, timings.element, loops.element, history.element, letters.element);
      this.element = el("article", { "aria-labelledby": "title" }, el("h1", { id: "title", class: "name" }, this.job), this.trouble, this.all, presses.element);
    }

    async load() {
      const told = await this.page.job(this.job).catch((error) => ({ error: String(error.message ?? error) }));
      if (told.error) this.fail(told.error);
      else {
        this.looks = told.pace.looks;
        this.show(told);
      }
      this.events = this.page.listen(`api/job/events?${new URLSearchParams({ job: this.job })}`, {
        job: (it) => this.show(it),
        gone: () => this.fail("There is no checkpoint of this job: it has never run, or has finished and kept none."),
        trouble: (it) => this.fail(it.error),
      });
      if (this.removed) this.events?.close();
    }

    fail(why) {
      this.showPresses(why);
      put(this.trouble, why);
      this.trouble.hidden = false;
      this.all.hidden = true;
      this.shownState = null;
    }

    /** Looks who has pressed a button, when something has changed that a button changes. The job may be gone by that. */
    async showPresses(...signs) {
      const sign = JSON.stringify(signs);
      if (sign === this.pressedAt) return;
      this.pressedAt = sign;
      const told = await this.page.presses(this.job).catch(() => null);
      if (told) this.parts.presses.show(told.presses);
    }

    show(told) {
      const { peek, history, pace } = told;
      [this.trouble.hidden, this.all.hidden, this.told] = [true, false, told];
      if (this.shownState && this.shownState !== peek.state) this.page.say(`${this.job} is ${peek.state}`);
      this.shownState = peek.state;
      putState(this.state, peek.state);
      put(this.asked, peek.asked ? ` asked to ${peek.asked}` : "");
      const part = share(peek.completed, peek.total);
      put(this.done, `${itemsOf(peek.completed, peek.total)}${part === null ? "" : `, ${percent(peek.completed, peek.total)}`}`);
      this.bar.hidden = part === null;
      if (part !== null) this.bar.value = part;
      this.showVerbs(told.verbs);
      this.showFacts(told);
      this.parts.failure.show(told.failure, told.report, peek.death);
      this.parts.letters.show(peek.dead_letters);
      this.parts.loops.show(peek.loops);
      this.parts.flight.show(told.in_flight);
      this.parts.slices.show(told.slices);
      this.parts.workers.show(peek.shared?.workers ?? [], told.memory);
      this.showPresses(peek.asked, peek.dead_letters, peek.skipped, peek.runs, told.verbs.map((it) => it.name));
      this.parts.timings.show(peek.timings);
      this.parts.history.show(history);
      this.look(pace.seen);
      this.showPlots(peek, history);
    }

    showFacts({ peek, pace, memory, stored_bytes: stored }) {
      const running = peek.state === "running";
      const rest = pace.left ?? (peek.seconds_left === null ? null : { seconds: peek.seconds_left, least: null, most: null });
      const facts = [
        ["Time left", running ? left(rest) : ""],
        ["Probably", running ? sure(rest) : ""],
        ["Rate now", running ? rate(pace.items_per_second) : ""],
        ["Rate of the last run", rate(peek.items_per_second)],
        ["An item takes, as a rule", duration(peek.item_seconds)],
        ["Held by", peek.holder ? `process ${peek.holder.pid} on ${peek.holder.host}` : ""],
        ["Memory", memory.length === 0 ? "" : `${bytes(memory[0].bytes)}, at most ${bytes(memory[0].peak_bytes)}`],
        ["Runs", count(peek.runs)],
        ["First began", at(peek.started_at)],
        ["Saved", ago(peek.updated_at)],
        ["Skipped", peek.skipped ? items(peek.skipped) : ""],
        ["Given up", peek.dead_letters ? items(peek.dead_letters) : ""],
        ["Carries", peek.carries.join(", ")],
        ["Version", peek.version ?? ""],
        ["Stored in", stored ? bytes(stored) : ""],
        ["Complete items", peek.completed_items.length > 200 ? `${peek.completed_items.slice(0, 200)}…` : peek.completed_items],
      ];
      for (const [name, value] of facts) this.fact(name, value);
    }

    fact(name, value) {
      let known = this.facts.get(name);
      if (!known) {
        known = el("dd", {});
        this.facts.set(name, known);
        this.list.append(el("div", {}, el("dt", {}, name), known));
      }
      put(known, value);
      known.parentElement.hidden = !value;
    }

    /** What has changed may be told before it is kept who asked for it: the answer comes after that. */
    async press(name) {
      await this.page.perform(this.offered.get(name), this.job);
      this.showPresses(name, performance.now());
    }

    /** Buttons keep the focus as long as they stay. */
    showVerbs(verbs) {
      const wanted = this.page.canDo ? verbs : [];
      this.offered = new Map(wanted.map((it) => [it.name, it]));
      const shown = new Map([...this.verbs.children].map((it) => [it.dataset.verb, it]));
      for (const [name, button] of shown) {
        if (wanted.some((it) => it.name === name)) continue;
        const hadFocus = button === document.activeElement;
        button.remove();
        if (hadFocus) this.page.focus();
      }
      wanted.forEach((verb, at) => {
        const button = shown.get(verb.name) ?? el("button", { type: "button", "data-verb": verb.name, title: verb.means, class: verb.asks ? "grave" : null, onclick: () => this.press(verb.name) }, labelOf(verb));
        put(button, labelOf(verb));
        if (this.verbs.children[at] !== button) this.verbs.insertBefore(button, this.verbs.children[at] ?? null);
      });
    }

    look(seen) {
      const last = this.looks.at(-1);
      if (last && last[1] > seen[1]) this.looks = [];
      if (last && last[1] === seen[1] && this.looks.at(-2)?.[1] === seen[1]) last[0] = seen[0];
      else if (!last || seen[0] > last[0]) this.looks.push(seen);
      const half = this.looks.length / 2;
      if (this.looks.length > MOST_LOOKS) this.looks = this.looks.filter((_, at) => at > half || at % 2 === 0);
    }

    showPlots(peek, history) {
      const enough = this.looks.length > 1 && this.looks.at(-1)[0] - this.looks[0][0] >= 2000;
      this.progress.figure.hidden = this.rate.figure.hidden = !enough;
      if (enough) {
        const [times, rates] = Plots.rates(this.looks);
        this.progress.show(this.looks.map((it) => it[0] / 1000), this.looks.map((it) => it[1]), itemsOf(peek.completed, peek.total));
        this.rate.show(times, rates, rates.length > 0 ? `${rate(rates.at(-1))} at last` : "not known yet");
      }
      const [times, sums] = [[], []];
      let sum = 0;
      for (const run of history) {
        times.push(Date.parse(run.started_at) / 1000);
        sums.push(sum);
        sum += run.completed;
        times.push(Math.max(Date.parse(run.started_at) / 1000 + (run.seconds ?? 0), times.at(-1) + 0.001));
        sums.push(sum);
      }
      const many = history.length > 1 || !enough;
      this.runs.figure.hidden = !many || sum === 0;
      if (many && sum > 0) this.runs.show(times, sums, `${items(sum)} in ${history.length === 1 ? "one run" : `${history.length} runs`}`);
    }

    tick() {
      if (this.told) this.fact("Saved", ago(this.told.peek.updated_at));
    }

    remove() {
      this.removed = true;
      this.events?.close();
      clearInterval(this.timer);
      [this.progress, this.rate, this.runs].forEach((it) => it.remove());
    }
  }

  return { View };
})();
