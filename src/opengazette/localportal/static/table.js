// Makes the table of a dataset one that scrolls through all its rows. Without this file it has
// pages. The server writes the rows, so numbers, marks and links look the same either way.
const BATCH = 100;
const KEPT = 40;
const TALLEST = 8_000_000;

class LongTable {
  constructor(frame) {
    this.frame = frame;
    this.body = frame.querySelector("tbody");
    this.range = frame.querySelector("[data-range]");
    this.total = Number(frame.dataset.total);
    this.batches = new Map();
    this.asking = new Map();
    this.first = 0;
    this.fix();
    this.body.before(this.above = this.spacer());
    this.body.after(this.below = this.spacer());
    this.frame.classList.add("long");
    this.measure();
    this.frame.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.frame.addEventListener("keydown", (event) => this.pressed(event));
    new ResizeObserver(() => this.measure()).observe(frame);
  }

  // The widths of the first rows stay, so that columns do not move while rows come and go.
  fix() {
    const table = this.frame.querySelector("table");
    const heads = [...table.querySelectorAll("thead th")];
    const widths = heads.map((head) => Math.ceil(head.getBoundingClientRect().width));
    heads.forEach((head, at) => { head.style.width = `${widths[at]}px`; });
    table.style.minWidth = `${widths.reduce((sum, width) => sum + width, 0)}px`;
    table.style.tableLayout = "fixed";
    this.row = Math.max(...[...this.body.rows].slice(0, 5).map((row) => row.offsetHeight), 24);
    this.columns = heads.length;
  }

  spacer() {
    const rows = document.createElement("tbody");
    rows.className = "spacer";
    rows.setAttribute("aria-hidden", "true");
    rows.append(document.createElement("tr"));
    rows.firstChild.append(document.createElement("td"));
    rows.firstChild.firstChild.colSpan = this.columns;
    return rows;
  }

  measure() {
    const head = this.body.offsetTop - this.above.offsetHeight;
    this.visible = Math.max(1, Math.floor((this.frame.clientHeight - 40) / this.row));
    this.most = Math.max(0, this.total - this.visible);
    this.length = Math.min(this.most * this.row, TALLEST);
    this.head = head;
    this.draw();
  }

  scrolled() {
    const top = this.frame.scrollTop;
    const moved = top - (this.top ?? 0);
    this.top = top;
    if (this.length === this.most * this.row || Math.abs(moved) > 3 * this.frame.clientHeight) {
      this.first = this.length ? (top / this.length) * this.most : 0;
    } else {
      this.first += moved / this.row;
    }
    if (top <= 0) this.first = 0;
    if (top >= this.frame.scrollHeight - this.frame.clientHeight - 1) this.first = this.most;
    this.first = Math.min(Math.max(this.first, 0), this.most);
    if (!this.pending) this.pending = requestAnimationFrame(() => { this.pending = 0; this.draw(); });
  }

  // Home and End reach the first and last of a million rows.
  pressed(event) {
    const to = { Home: 0, End: this.most }[event.key];
    if (to === undefined || event.target !== this.frame) return;
    event.preventDefault();
    this.first = to;
    this.top = this.frame.scrollTop = to ? this.frame.scrollHeight : 0;
    this.draw();
  }

  draw() {
    const from = Math.max(0, Math.floor(this.first) - 5);
    const to = Math.min(this.total, Math.floor(this.first) + this.visible + 6);
    const rows = [];
    for (let at = from; at < to; at += 1) rows.push(this.rowAt(at));
    this.body.replaceChildren(...rows);
    const share = this.most ? this.first / this.most : 0;
    const over = Math.round(share * this.length - (this.first - from) * this.row);
    this.above.rows[0].style.height = `${Math.max(0, over)}px`;
    const all = this.length + this.visible * this.row;
    const left = all - Math.max(0, over) - rows.length * this.row;
    this.below.rows[0].style.height = `${Math.max(0, left)}px`;
    const last = Math.min(this.total, Math.floor(this.first) + this.visible);
    const words = [Math.floor(this.first) + 1, last].map((number) => number.toLocaleString("en"));
    this.range.textContent = words.join(" to ");
  }

  rowAt(at) {
    const batch = Math.floor(at / BATCH);
    const found = this.batches.get(batch);
    if (found) return found[at % BATCH] ?? this.blank();
    this.ask(batch);
    return this.blank();
  }

  blank() {
    const row = document.createElement("tr");
    row.className = "waiting";
    for (let at = 0; at < this.columns; at += 1) row.append(document.createElement("td"));
    row.firstChild.textContent = "…";
    return row;
  }

  async ask(batch) {
    if (this.asking.has(batch)) return;
    for (const [other, stop] of this.asking) {
      if (Math.abs(other - batch) > 2) { stop.abort(); this.asking.delete(other); }
    }
    const stop = new AbortController();
    this.asking.set(batch, stop);
    const place = new URL(this.frame.dataset.rows, location.href);
    place.searchParams.set("first", batch * BATCH);
    place.searchParams.set("count", BATCH);
    try {
      const answer = await fetch(place, { signal: stop.signal });
      if (!answer.ok) return;
      const made = document.createElement("template");
      made.innerHTML = `<table>${await answer.text()}</table>`;
      this.batches.set(batch, [...made.content.querySelectorAll("tr")]);
      if (this.batches.size > KEPT) this.batches.delete(this.batches.keys().next().value);
      this.draw();
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    } finally {
      if (this.asking.get(batch) === stop) this.asking.delete(batch);
    }
  }
}

const frame = document.getElementById("table");
if (frame && Number(frame.dataset.total) > frame.querySelectorAll("tbody tr").length) {
  document.querySelector(".pages")?.remove();
  const table = new LongTable(frame);
  const first = Number(frame.dataset.first);
  if (first) frame.scrollTop = (first / table.most) * table.length;
}
