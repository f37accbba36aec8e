"use strict";
// The page's own script: the theme, the table of clips, and playheads. It reads the data block and builds elements with
// textContent alone; names of files, systems and axes are values, never keys of objects and never markup.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const PAGE = 50;
  const rows = data.name.codes.length;

  // ------------------------------------------------------------------------------------------------------- theme
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);
  const theme = byId("theme");
  const nameTheme = () => { theme.textContent = isDark() ? "Light theme" : "Dark theme"; };
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; nameTheme(); });
  dark.addEventListener("change", nameTheme);
  nameTheme();
  theme.hidden = false;

  // ----------------------------------------------------------------------------------------------------- columns
  const text = (column, row) => (column ? column.values[column.codes[row]] : "");
  const numbers = (values) => Float64Array.from(values, (value) => (value === null ? NaN : value));
  const path = (row) => text(data.folder, row) + text(data.name, row);
  const paths = () => {  // the place of each path among all of them
    const byPath = Array.from({ length: rows }, (_, row) => row);
    byPath.sort((a, b) => data.folder.codes[a] - data.folder.codes[b] || data.name.codes[a] - data.name.codes[b]);
    const places = new Float64Array(rows);
    byPath.forEach((row, place) => { places[row] = place; });
    return places;
  };
  const columns = [{ title: "clip", kind: "name", keys: paths() }];
  if (data.id) columns.push({ title: "id", kind: "text", column: data.id, keys: numbers(data.id.codes) });
  if (data.system) columns.push({ title: "system", kind: "text", column: data.system, keys: numbers(data.system.codes) });
  data.axes.forEach((axis, i) => columns.push({ title: axis, kind: "number", keys: numbers(data.scores[i]), digits: 2 }));
  columns.push({ title: "seconds", kind: "number", keys: numbers(data.seconds), digits: 1 });
  if (data.flags.values.some(Boolean)) {
    columns.push({ title: "flags", kind: "text", column: data.flags, keys: numbers(data.flags.codes) });
  }

  const missing = new Set(data.missing || []);
  const embedded = new Set(data.embedded);
  const link = (column, row) => {
    const found = column.links[column.codes[row]];
    return found === 0 ? text(column, row) : found;  // 0: the same as the text
  };
  const address = (row) => {
    if (embedded.has(row)) return byId("audio-" + row).src;
    return data.mute || missing.has(row) ? "" : link(data.folder, row) + link(data.name, row) + text(data.range, row);
  };

  // --------------------------------------------------------------------------------------------- sort and filter
  const order = Uint32Array.from({ length: rows }, (_, row) => row);  // all rows, sorted
  let shown = order;  // those of them that the filters leave
  let page = 0;
  let sorted = { at: -1, descending: false };
  let words = null;  // of each row, in small letters; made when first searched for

  const sortBy = (at, descending) => {
    performance.mark("sort");
    const keys = columns[at].keys;
    const sign = descending ? -1 : 1;
    order.sort((a, b) => {
      const x = keys[a], y = keys[b];
      if (x === y) return a - b;
      if (x !== x || y !== y) return x !== x ? (y !== y ? a - b : 1) : -1;  // what has no number stands last
      return x < y ? -sign : sign;
    });
    sorted = { at, descending };
    performance.measure("sorted", "sort");
    filter();
  };

  const filter = () => {
    performance.mark("filter");
    const wanted = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const system = byId("system").value;
    const flag = byId("flag").value;
    if (wanted.length && !words) {
      words = Array.from({ length: rows }, (_, row) =>
        [path(row), text(data.id, row), text(data.system, row), text(data.prompt, row)].join("\n").toLowerCase());
    }
    const hasFlag = data.flags.values.map((value) => value.split(" ").includes(flag));
    shown = order.filter((row) =>
      (system === "" || data.system.codes[row] === Number(system)) &&
      (flag === "" || (flag === "error" ? text(data.error, row) !== "" : hasFlag[data.flags.codes[row]])) &&
      wanted.every((word) => words[row].includes(word)));
    page = 0;
    performance.measure("filtered", "filter");
    draw();
  };

  // ----------------------------------------------------------------------------------------------------- drawing
  const make = (name, content, cls) => {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (cls) made.className = cls;
    return made;
  };
  const free = (name, content, cls) => {  // a stranger's words, which may run from right to left
    const made = make(name, content, cls);
    made.dir = "auto";
    return made;
  };

  const body = byId("table").tBodies[0];
  const cell = (column, row) => {
    if (column.kind === "number") {
      const value = column.keys[row];
      return make("td", Number.isNaN(value) ? "" : value.toFixed(column.digits), "number");
    }
    if (column.kind === "text") return free("td", text(column.column, row), "free" + (column.column === data.flags ? " flags" : ""));
    const made = make("td", undefined, "name");
    const whole = free("span");
    whole.append(make("span", text(data.folder, row), "folder"), text(data.name, row));
    made.append(whole);
    const range = text(data.range, row);
    if (range) made.append(" ", make("span", range.slice(3).replace(",", " to ") + " s", "folder"));
    if (text(data.prompt, row)) {
      const prompt = free("div", text(data.prompt, row), "prompt");
      prompt.title = text(data.prompt, row);
      made.append(prompt);
    }
    if (text(data.error, row)) made.append(free("div", text(data.error, row), "error"));
    return made;
  };
  const drawRow = (row) => {
    const line = make("tr");
    line.dataset.row = row;
    line.classList.toggle("on", row === playing);
    const first = make("td");
    if (address(row)) {
      const button = make("button", "▶", "play");
      button.type = "button";
      button.setAttribute("aria-label", "Play " + path(row));
      first.append(button);
    }
    line.append(first, ...columns.map((column) => cell(column, row)));
    return line;
  };
  const draw = () => {
    const pages = Math.max(1, Math.ceil(shown.length / PAGE));
    const from = page * PAGE;
    const until = Math.min(from + PAGE, shown.length);
    body.replaceChildren(...Array.from(shown.subarray(from, until), drawRow));
    heads.forEach((head, at) => {
      if (at === sorted.at) head.setAttribute("aria-sort", sorted.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    byId("status").textContent = shown.length === rows
      ? rows.toLocaleString("en") + (rows === 1 ? " clip" : " clips")
      : shown.length.toLocaleString("en") + " of " + rows.toLocaleString("en") + " clips";
    byId("where").textContent = shown.length ? `${from + 1} to ${until}, page ${page + 1} of ${pages}` : "nothing";
    byId("first").disabled = byId("back").disabled = page === 0;
    byId("last").disabled = byId("next").disabled = page >= pages - 1;
    byId("pager").hidden = pages === 1;
  };
  const turn = (to) => { page = to; draw(); byId("clips").scrollIntoView(); };
  const lastPage = () => Math.max(0, Math.ceil(shown.length / PAGE) - 1);
  byId("first").addEventListener("click", () => turn(0));
  byId("back").addEventListener("click", () => turn(page - 1));
  byId("next").addEventListener("click", () => turn(page + 1));
  byId("last").addEventListener("click", () => turn(lastPage()));

  const headRow = make("tr");
  const empty = make("th");
  empty.append(make("span", "Play", "unseen"));
  headRow.append(empty);
  const heads = columns.map((column, at) => {
    const head = make("th", undefined, column.kind === "number" ? "number" : "");
    head.scope = "col";
    const button = make("button", column.title);
    button.type = "button";
    button.addEventListener("click", () =>  // numbers begin with the largest, texts with the first
      sortBy(at, sorted.at === at ? !sorted.descending : column.kind === "number"));
    head.append(button);
    headRow.append(head);
    return head;
  });
  byId("table").tHead.append(headRow);

  // ----------------------------------------------------------------------------------------------------- filters
  const choice = (select, value, title) => {
    const made = make("option", title);
    made.value = value;
    select.append(made);
  };
  if (data.system) data.system.values.forEach((name, number) => choice(byId("system"), number, name || "(none)"));
  else byId("system").closest("label").hidden = true;
  if (data.error) choice(byId("flag"), "error", "could not be scored");
  data.flagNames.filter((name) => data.flags.values.some((value) => value.split(" ").includes(name)))
    .forEach((name) => choice(byId("flag"), name, name));
  let waiting = 0;
  byId("text").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  byId("system").addEventListener("change", filter);
  byId("flag").addEventListener("change", filter);
  byId("filters").addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  byId("filters").addEventListener("reset", () => setTimeout(filter));

  // --------------------------------------------------------------------------------------------------- listening
  let playing = -1;
  const player = byId("player");
  const mark = (row) => {
    playing = row;
    for (const line of body.rows) line.classList.toggle("on", Number(line.dataset.row) === row);
  };
  body.addEventListener("click", (event) => {
    const button = event.target.closest("button.play");
    if (!button) return;
    const row = Number(button.closest("tr").dataset.row);
    byId("playing").textContent = path(row);
    byId("dock").hidden = false;
    mark(row);
    player.src = address(row);
    player.play().catch(() => {});  // what went wrong is told by the event of the error
  });
  byId("close").addEventListener("click", () => { player.pause(); byId("dock").hidden = true; mark(-1); });
  player.addEventListener("error", () => {
    if (playing >= 0) byId("playing").textContent = path(playing) + ": cannot be played; the file has moved, or this browser does not know its format";
  });

  const sounds = Array.from(document.querySelectorAll("audio"));
  for (const audio of sounds) {
    audio.addEventListener("play", () => sounds.forEach((other) => { if (other !== audio) other.pause(); }));
  }
  for (const card of document.querySelectorAll(".card")) {
    const audio = card.querySelector("audio");
    if (!audio) continue;
    if (audio.dataset.same) audio.src = byId(audio.dataset.same).src;
    audio.addEventListener("error", () => {
      if (!card.querySelector(".broken")) {
        audio.after(make("p", "This cannot be played: the file has moved, or this browser does not know its format.", "why broken"));
      }
    });
    const sound = card.querySelector(".sound");
    if (!sound) continue;
    const head = sound.querySelector(".playhead");
    const begin = Number(sound.dataset.start);
    const heard = Number(sound.dataset.heard);
    const end = begin + Number(sound.dataset.seconds);
    const rounds = [[0, begin]];  // seconds of the picture at which the model hears the file from some second on
    for (const pair of (sound.dataset.again || "").split(" ").filter(Boolean)) rounds.push(pair.split(":").map(Number));
    const follow = () => {
      const at = (audio.currentTime - begin) / heard;
      head.hidden = !(at >= 0 && at <= 1);
      head.style.left = 100 * at + "%";
    };
    audio.addEventListener("timeupdate", follow);
    sound.addEventListener("click", (event) => {
      const box = sound.getBoundingClientRect();
      const at = heard * (event.clientX - box.left) / box.width;
      const [from, second] = rounds.filter(([start]) => start <= at).pop() || rounds[0];
      const seconds = Math.max(begin, Math.min(second + at - from, end));
      const go = () => { audio.currentTime = seconds; };
      if (audio.readyState) go();
      else audio.addEventListener("loadedmetadata", go, { once: true });
      audio.play().catch(() => {});
    });
  }

  const nothingToPlay = embedded.size === 0 && (data.mute || missing.size === rows);
  byId("table").classList.toggle("still", Boolean(nothingToPlay));
  byId("filters").hidden = false;
  byId("table").hidden = false;
  filter();
})();
