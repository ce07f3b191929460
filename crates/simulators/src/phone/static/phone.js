// One phone: who holds it, the thread, the composer and the switches behind it.

import { Api, fileToUpload } from "./api.js";
import { drawThread } from "./bubbles.js";

const FAULTS = {
  outage: [{ kind: "outage", side: "api" }, { kind: "outage", side: "webhook" }],
  slow: [{ kind: "slow", ms: 5000, side: "api" }, { kind: "slow", ms: 5000, side: "webhook" }],
  duplicate: [{ kind: "duplicate", copies: 1, side: "webhook" }],
  reorder: [{ kind: "reorder", side: "webhook" }],
};
const NOTICES = {
  opted_out: "This consumer has opted out. Write START to come back.",
  unreachable: "This person cannot be reached.",
};
const MOST_FILES = 10;
const MOST_BYTES = 25 * 1024 * 1024;

export class Phone {
  constructor({ channel, title }) {
    this.api = new Api(channel);
    this.title = title;
    this.files = [];
    this.afterJournal = 0;
    // Counts the user's own changes of switches: what was read before one must not undo it.
    this.touched = 0;
    this.root = document.getElementById("phone-template").content.firstElementChild.cloneNode(true);
    this.root.setAttribute("aria-label", `${title} phone`);
    this.root.dataset.channel = channel;
    this.$ = (selector) => this.root.querySelector(selector);
    this.$(".channel").textContent = title;
    this.$(".thread").setAttribute("aria-label", `${title} messages`);
  }

  start() {
    this.bind();
    this.api.watch(() => this.refresh(), (live) => {
      this.$(".live").textContent = live ? "Live" : "Reconnecting …";
      this.$(".live").classList.toggle("off", !live);
    });
  }

  /** One refresh runs at a time; what changes meanwhile causes one more, and all callers wait for it. */
  refresh() {
    this.again = true;
    this.running ??= this.loop().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  async loop() {
    while (this.again) {
      this.again = false;
      try {
        await this.load();
      } catch (error) {
        this.fail(error);
      }
    }
  }

  async load() {
    const touched = this.touched;
    const [overview, faults, journal] = await Promise.all([
      this.api.get("/phone"),
      this.api.get("/faults"),
      this.api.get(`/journal?after=${this.afterJournal}&limit=200`),
    ]);
    this.overview = overview;
    this.choose(".line", overview.lines.map((line) => [line.id, line.label === line.id ? line.id : `${line.label} (${line.id})`]));
    const line = this.$(".line").value;
    const people = overview.consumers.filter((person) => !person.line || person.line === line);
    this.choose(".consumer", people.map((person) => [person.id, person.name ? `${person.name} · ${person.id}` : person.id]));
    this.features(overview.features);
    if (touched === this.touched) {
      for (const box of this.root.querySelectorAll(".faults input")) {
        box.checked = faults.faults.some((fault) => fault.kind === box.value);
      }
    }
    this.wire(journal.entries);
    await this.loadThread(touched);
  }

  async loadThread(touched) {
    const line = this.$(".line").value;
    const consumer = this.$(".consumer").value;
    const ready = Boolean(line && consumer);
    for (const part of this.root.querySelectorAll(".composer textarea, .composer button, .file")) part.disabled = !ready;
    const person = this.overview.consumers.find((each) => each.id === consumer);
    this.$(".with").textContent = ready ? `${person?.name || consumer} → ${line}` : "Create a consumer to begin";
    this.$(".avatar").textContent = (person?.name || "?").slice(0, 1).toUpperCase();
    if (!ready) {
      this.$(".notice").hidden = true;
      this.$(".items").replaceChildren();
      return;
    }
    const query = new URLSearchParams({ line, consumer });
    const thread = await this.api.get(`/phone/thread?${query}`);
    drawThread(this.$(".thread"), thread, this.api, (button) => this.tap(button));
    if (touched === this.touched) {
      this.$(".open").checked = thread.open;
      this.$(".left").checked = thread.left;
    }
    const notice = NOTICES[thread.notice] || thread.notice;
    this.$(".notice").hidden = !notice;
    this.$(".notice").textContent = notice;
  }

  /** Fills a select only where its options changed, and keeps what was chosen. */
  choose(selector, options) {
    const select = this.$(selector);
    const key = JSON.stringify(options);
    if (select.dataset.key === key) return;
    const before = select.value;
    select.dataset.key = key;
    select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    if (options.some(([value]) => value === before)) select.value = before;
  }

  features(features) {
    this.$(".reading").hidden = !(features.read || features.get_started || features.location || features.leave);
    this.$(".opening").hidden = !features.read;
    this.$(".leaving").hidden = !features.leave;
    this.tellsTyping = features.typing;
    this.$(".start").hidden = !features.get_started;
    this.$(".place").hidden = !features.location;
    this.$(".native").hidden = !features.native;
    this.$(".clip").hidden = !features.media;
    this.$(".text").maxLength = features.text_limit;
  }

  wire(entries) {
    const list = this.$(".wire");
    for (const entry of entries) {
      this.afterJournal = Math.max(this.afterJournal, entry.seq);
      const item = document.createElement("li");
      const path = entry.uri.replace(/^https?:\/\/[^/]+/, "").replace(/access_token=[^&]+/, "access_token=…");
      item.textContent = `${entry.direction === "api" ? "→ vendor" : "← webhook"} ${entry.method} ${path} ${entry.status || ""}`;
      list.prepend(item);
    }
    while (list.children.length > 50) list.lastElementChild.remove();
  }

  bind() {
    this.$(".composer").addEventListener("submit", (event) => this.act(event, () => this.write()));
    this.$(".text").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        this.$(".composer").requestSubmit();
      }
    });
    this.$(".text").addEventListener("paste", (event) => this.attach(event.clipboardData?.files ?? []));
    this.$(".file").addEventListener("change", (event) => {
      this.attach(event.target.files);
      event.target.value = "";
    });
    this.$(".phone").addEventListener("dragover", (event) => event.preventDefault());
    this.$(".phone").addEventListener("drop", (event) => {
      event.preventDefault();
      this.attach(event.dataTransfer.files);
    });
    this.$(".line").addEventListener("change", () => this.refresh());
    this.$(".consumer").addEventListener("change", () => this.refresh());
    this.$(".new").addEventListener("click", () => {
      this.$(".add").hidden = false;
      this.$(".add input").focus();
    });
    this.$(".cancel").addEventListener("click", () => this.closeAdd());
    this.$(".add").addEventListener("submit", (event) => this.act(event, () => this.create()));
    this.$(".native").addEventListener("submit", (event) => this.act(event, async () => {
      const field = this.$(".native input");
      await this.api.send("POST", "/phone/native", { ...this.where(), text: field.value });
      field.value = "";
    }));
    this.$(".open").addEventListener("change", (event) => this.change(event, () =>
      this.api.send("POST", "/phone/open", { ...this.where(), open: event.target.checked })));
    this.$(".left").addEventListener("change", (event) => this.change(event, () =>
      this.api.send("POST", "/phone/leave", { ...this.where(), gone: event.target.checked })));
    this.$(".text").addEventListener("input", () => this.typing(this.$(".text").value !== ""));
    this.$(".start").addEventListener("click", (event) => this.act(event, () =>
      this.say({ text: "Get started", postback: "GET_STARTED" })));
    this.$(".place").addEventListener("click", (event) => this.act(event, () =>
      this.say({ location: { lat: 35.6586, long: 139.7454, label: "Tokyo Tower" } })));
    this.$(".faults").addEventListener("change", (event) => this.change(event, () => this.setFaults()));
  }

  where() {
    return { line: this.$(".line").value, consumer: this.$(".consumer").value };
  }

  /** Tells the brand that the consumer types, once until they stop. */
  typing(on) {
    if (!this.tellsTyping || this.isTyping === on) return;
    this.isTyping = on;
    this.api.send("POST", "/phone/typing", { ...this.where(), on }).catch((error) => this.fail(error));
  }

  async say(message) {
    await this.api.send("POST", "/phone/messages", { ...this.where(), message });
  }

  async write() {
    const text = this.$(".text").value.trim();
    if (!text && this.files.length === 0) return;
    const media = await Promise.all(this.files.map(({ file }) => fileToUpload(file)));
    await this.say({ text, media });
    this.$(".text").value = "";
    this.isTyping = false;
    this.files.splice(0).forEach(({ url }) => URL.revokeObjectURL(url));
    this.previews();
    this.$(".thread").scrollTop = this.$(".thread").scrollHeight;
  }

  tap(button) {
    const payload = button.kind === "quick_reply" ? { quick_reply: button.payload } : { postback: button.payload };
    return this.act(null, () => this.say({ text: button.title, ...payload }));
  }

  attach(files) {
    for (const file of files) {
      if (this.files.length >= MOST_FILES) return this.fail(new Error(`At most ${MOST_FILES} files at once.`));
      if (file.size > MOST_BYTES) return this.fail(new Error(`${file.name} is larger than 25 MB.`));
      this.files.push({ file, url: URL.createObjectURL(file) });
    }
    return this.previews();
  }

  previews() {
    const list = this.$(".previews");
    list.hidden = this.files.length === 0;
    list.replaceChildren(...this.files.map((entry) => {
      const item = document.createElement("li");
      if (entry.file.type.startsWith("image/")) {
        const image = document.createElement("img");
        image.src = entry.url;
        image.alt = entry.file.name;
        item.append(image);
      } else {
        item.append(entry.file.name);
      }
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "plain";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `Remove ${entry.file.name}`);
      remove.addEventListener("click", () => {
        URL.revokeObjectURL(entry.url);
        this.files.splice(this.files.indexOf(entry), 1);
        this.previews();
      });
      item.append(remove);
      return item;
    }));
  }

  async create() {
    const form = new FormData(this.$(".add"));
    const made = await this.api.send("POST", "/phone/consumers", {
      line: this.$(".line").value,
      first_name: form.get("first_name").trim(),
      last_name: form.get("last_name").trim(),
    });
    await this.refresh();
    this.$(".consumer").value = made.id;
    this.closeAdd();
    this.$(".text").focus();
  }

  closeAdd() {
    this.$(".add").hidden = true;
    this.$(".add").reset();
    this.$(".new").focus();
  }

  /** The faults of this page replace whatever was set before. */
  async setFaults() {
    const wanted = [...this.root.querySelectorAll(".faults input:checked")].flatMap((box) => FAULTS[box.value]);
    await this.api.send("DELETE", "/faults");
    for (const fault of wanted) await this.api.send("POST", "/faults", fault);
  }

  /** A switch was changed: reads under way before or during the change do not touch the switches. */
  change(event, work) {
    this.touched += 1;
    return this.act(event, () => work().finally(() => {
      this.touched += 1;
    }));
  }

  async act(event, work) {
    event?.preventDefault();
    this.$(".error").hidden = true;
    try {
      await work();
    } catch (error) {
      this.fail(error);
    }
    await this.refresh();
  }

  fail(error) {
    this.$(".error").textContent = error.message;
    this.$(".error").hidden = false;
  }
}
