"use strict";
// What is shown for which link, and what goes to the server. An exported page has its data beside it, and asks nobody.

(() => {
  const { put, el, link } = Words;
  const by = (id) => document.getElementById(id);
  const main = by("main");
  const exported = window.exported ?? null;

  const page = {
    canDo: false,
    token: null,

    /** Events of a path, each by its name. */
    listen(path, heard) {
      if (exported) return null;
      const events = new EventSource(path);
      for (const [name, call] of Object.entries(heard)) {
        events.addEventListener(name, (event) => call(JSON.parse(event.data)));
      }
      events.onopen = () => put(by("link"), "live");
      events.onerror = () => put(by("link"), "not connected, trying again");
      return events;
    },

    async ask(path, init) {
      const answer = await fetch(path, init);
      const told = await answer.json().catch(() => ({ error: `the server answered ${answer.status}` }));
      if (!answer.ok) throw new Error(told.error ?? `the server answered ${answer.status}`);
      return told;
    },

    job(name) {
      return exported ? Promise.resolve(exported.detail) : page.ask(`api/job?${new URLSearchParams({ job: name })}`);
    },

    letters(job, offset, limit) {
      if (!exported) return page.ask(`api/letters?${new URLSearchParams({ job, offset, limit })}`);
      const { count, dead_letters: all } = exported.letters;
      return Promise.resolve({ count, dead_letters: all.slice(offset, offset + limit) });
    },

    /** The buttons that were pressed, the oldest first. */
    presses(job) {
      return exported ? Promise.resolve(exported) : page.ask(`api/presses?${new URLSearchParams({ job })}`);
    },

    /** Of the last run, or of the dead letter at that place: of those, an export has none. */
    reportOf(job, letter = null) {
      if (exported) return letter === null ? exported.report : null;
      return `report?${new URLSearchParams(letter === null ? { job } : { job, letter })}`;
    },

    /** Does what a button says, and asks first if that can't be taken back. */
    async perform(verb, job) {
      if (verb.asks && !(await sure(verb, job))) return;
      try {
        const told = await page.ask("api/do", {
          method: "POST",
          headers: { "content-type": "application/json", "x-safe-state-token": page.token },
          body: JSON.stringify({ verb: verb.name, job, item: verb.item }),
        });
        page.say(`${job}: ${told.done}`);
      } catch (error) {
        page.say(`${job}: ${error.message}`, true);
      }
    },

    say(text, isTrouble = false) {
      by("said").classList.toggle("trouble", isTrouble);
      put(by("said"), text);
      clearTimeout(page.saying);
      page.saying = setTimeout(() => put(by("said"), ""), 10000);
    },

    focus: () => main.focus({ preventScroll: true }),
  };

  /** Whether the user means it. */
  function sure(verb, job) {
    const dialog = by("ask");
    put(by("ask-title"), `${Words.labelOf(verb)}: ${job}?`);
    put(by("ask-text"), verb.means);
    put(by("ask-yes"), Words.labelOf(verb));
    const before = document.activeElement;
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((told) => {
      by("ask-yes").onclick = () => dialog.close("yes");
      by("ask-no").onclick = () => dialog.close("");
      dialog.onclose = () => {
        if (before?.isConnected) before.focus();
        told(dialog.returnValue === "yes");
      };
    });
  }

  /** The page that the link names, and what else is in it. The token leaves the address at once. */
  function route() {
    const mark = location.hash.slice(1);
    const [path, said] = mark.startsWith("token=") ? ["/", mark] : [mark.split("?")[0] || "/", mark.split("?").slice(1).join("?")];
    const query = new URLSearchParams(said);
    if (query.has("token")) {
      sessionStorage.setItem("token", query.get("token"));
      query.delete("token");
      history.replaceState(null, "", `#${path}${query.size ? `?${query}` : ""}`);
    }
    return { path, query };
  }

  let view = null;

  function show() {
    const { path, query } = route();
    view?.remove();
    const job = exported ? exported.job : path.startsWith("/job/") ? named(path.slice(5)) : null;
    view = job === null ? new List.View(query, page) : new JobPage.View(job, page);
    main.replaceChildren(view.element);
    document.title = job === null ? "Jobs" : `${Words.visible(job)} · Jobs`;
    by("here").replaceChildren(...(job === null ? [] : [" / ", el("a", { href: exported ? "#" : link(job), "aria-current": "page" }, job)]));
  }

  function named(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }

  async function begin() {
    by("skip").addEventListener("click", (event) => {
      event.preventDefault();
      page.focus();
    });
    if (exported) {
      by("home").hidden = true;
      put(by("link"), `as it was on ${Words.at(exported.detail.pace.seen[0])}`);
      show();
      return;
    }
    route();
    page.token = sessionStorage.getItem("token");
    const told = await page.ask("api/page", page.token ? { headers: { "x-safe-state-token": page.token } } : {}).catch(() => null);
    if (told) {
      page.canDo = told.token && !told.read_only;
      put(by("place"), told.place);
      put(by("version"), `safe-state ${told.version}`);
      by("note").hidden = told.token || told.read_only;
      put(by("note"), "This page only reads. For its buttons, open the link that safe-state serve has printed.");
    }
    addEventListener("hashchange", () => {
      const { path } = route();
      if (path === "/" && location.hash.includes("token=")) location.reload();
      show();
      page.focus();
    });
    show();
  }

  begin();
})();
