/**
 * Sends what the visitor wrote, one after another in the order in which it was written.
 *
 * An entry leaves only when the conversation shows it. What was on its way when the connection ended is sent again under the same
 * id, after the conversation was read: if it had arrived, it is there and is not sent.
 */
import type { Visit } from "./visit";
import { byAge, entryOf, interrupted, nextOf, unsettled, type Entry, type OutboxStorage, type PendingFile } from "./state/outbox";
import { Cut, isObject, Refused } from "./wire/line";

/** After a refusal that may pass: how long to wait, in milliseconds. */
const PATIENCE = [1_000, 5_000, 10_000, 15_000];

export class Sender {
  private storage: OutboxStorage | null = null;
  private running = false;
  private troubles = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly visit: Visit) {}

  private get entries(): readonly Entry[] {
    return this.visit.snapshot.entries;
  }

  add(what: Parameters<typeof entryOf>[3]): void {
    const entry = entryOf(this.visit.world.id(), this.visit.tab, this.visit.world.now(), what);
    this.put(entry);
    this.go();
  }

  async addFile(file: File, fileType: string, preview: string | null, caption: string): Promise<void> {
    const pending: PendingFile = { name: file.name, type: file.type, fileType, size: file.size, preview, path: null };
    const entry = entryOf(this.visit.world.id(), this.visit.tab, this.visit.world.now(), { text: caption, file: pending });
    // The bytes first: an entry without them would be nothing after a reload.
    await this.visit.world.files.put(entry.id, file);
    this.put(entry);
    this.go();
  }

  again(id: string): void {
    const { file } = this.entry(id);
    // A file that was not taken may be gone from where it was uploaded to.
    this.update(id, { state: "waiting", reason: null, file: file && { ...file, path: null } });
    this.go();
  }

  discard(id: string): void {
    this.visit.change({ entries: this.entries.filter((entry) => entry.id !== id) });
    this.forget(id);
  }

  /** Where this visitor's entries are kept, once it is known who they are; what was written before is kept from now on. */
  use(storage: OutboxStorage): void {
    if (this.storage?.prefix !== storage.prefix) {
      this.storage = storage;
      for (const entry of this.entries) storage.save(entry);
    }
    this.reload();
  }

  /** Takes what is stored together with what this tab holds. */
  reload(): void {
    const own = this.entries.filter((entry) => entry.tab === this.visit.tab);
    const others = (this.storage?.load() ?? []).filter((entry) => !own.some((one) => one.id === entry.id));
    const entries = [...own, ...others].sort(byAge);
    this.visit.change({ entries });
    this.settle();
  }

  /** Takes over what tabs left behind that are gone. */
  async adopt(): Promise<void> {
    const alive = await this.visit.world.tabs();
    for (const entry of this.entries) {
      if (entry.tab !== this.visit.tab && !alive?.has(entry.tab)) this.update(entry.id, { tab: this.visit.tab });
    }
  }

  /** Takes out what the conversation shows. */
  settle(): void {
    const rest = unsettled(this.entries, this.visit.snapshot.known);
    if (rest === this.entries) return;
    for (const entry of this.entries) if (!rest.includes(entry)) this.forget(entry.id);
    this.visit.change({ entries: rest });
  }

  interrupt(): void {
    const entries = interrupted(this.entries);
    if (entries !== this.entries) this.visit.change({ entries });
  }

  stop(): void {
    clearTimeout(this.pause);
    this.storage = null;
  }

  /** Sends what waits, unless that is under way. */
  go(): void {
    if (this.running || this.visit.snapshot.connection !== "live") return;
    this.running = true;
    void this.run().finally(() => {
      this.running = false;
    });
  }

  private async run(): Promise<void> {
    clearTimeout(this.pause);
    for (;;) {
      const entry = nextOf(this.entries, this.visit.tab);
      if (!entry || this.visit.snapshot.connection !== "live") return;
      this.update(entry.id, { state: "sending" });
      try {
        await this.send(entry.id);
        this.troubles = 0;
      } catch (error) {
        if (!this.entries.some((one) => one.id === entry.id)) continue;
        if (error instanceof Refused && !mayPass(error)) {
          this.update(entry.id, { state: "failed", reason: error.message, progress: null });
          continue;
        }
        this.update(entry.id, { state: "waiting", progress: null });
        if (error instanceof Cut) return;
        this.pause = setTimeout(() => this.go(), PATIENCE[Math.min(this.troubles, PATIENCE.length - 1)]);
        this.troubles += 1;
        return;
      }
    }
  }

  private entry(id: string): Entry {
    const found = this.entries.find((entry) => entry.id === id);
    if (!found) throw new Cut("the visitor took it back");
    return found;
  }

  private async send(id: string): Promise<void> {
    await this.upload(id);
    for (let again = true; ; again = false) {
      const dialog = await this.target(id);
      try {
        await this.tell(id, dialog);
        const { text, tap } = this.entry(id);
        if (tap && !tap.publishes) {
          this.discard(id);
          return;
        }
        const sequence = await this.publish(this.entry(id), dialog, text);
        this.update(id, { state: "sent", dialog, sequence, progress: null });
        // The server has it for good; only the picture waits until the conversation shows it.
        this.forget(id);
        this.settle();
        return;
      } catch (error) {
        // It closed between the last word that was heard of it and this one: a message opens the next conversation.
        if (!again || !(error instanceof Refused) || !isClosed(error)) throw error;
        await this.visit.refresh();
        const { tap } = this.entry(id);
        if (tap && !tap.publishes) {
          this.discard(id);
          return;
        }
      }
    }
  }

  /** Where the entry goes: an answer to its question's dialog, everything else to where the visitor writes now. */
  private async target(id: string): Promise<string> {
    const { tap } = this.entry(id);
    const { known } = this.visit.snapshot;
    const open = Object.values(known.conversations).flatMap((one) => one.dialogs.filter((dialog) => dialog.open).map((dialog) => dialog.id));
    if (tap && open.includes(tap.dialog)) return tap.dialog;
    const current = this.visit.current();
    if (current) return current.id;
    try {
      return await this.visit.openConversation(`${id}.open`);
    } catch (error) {
      if (!(error instanceof Refused) || !/already has open/i.test(error.message)) throw error;
      // Another tab was faster: its conversation is the one.
      await this.visit.refresh();
      const theirs = this.visit.current();
      if (!theirs) throw error;
      return theirs.id;
    }
  }

  /** Tells of a tap, once, in the dialog of its question only. */
  private async tell(id: string, dialog: string): Promise<void> {
    const { tap } = this.entry(id);
    if (!tap || tap.told || tap.dialog !== dialog) return;
    const event = { type: "AcceptStatusEvent", status: "ACTION", sequenceList: [tap.sequence] };
    await this.visit.request("ms.PublishEvent", { dialogId: dialog, event }, [...tap.metadata, { type: "ClientMessageId", id: tap.id }]);
    this.update(id, { tap: { ...tap, told: true } });
  }

  private async publish(entry: Entry, dialog: string, text: string): Promise<number | null> {
    const { file, tap } = entry;
    const event = file
      ? {
          type: "ContentEvent",
          contentType: "hosted/file",
          message: { caption: text, relativePath: file.path, fileType: file.fileType, name: file.name, ...(file.preview ? { preview: file.preview } : {}) },
        }
      : { type: "ContentEvent", contentType: "text/plain", message: text };
    const metadata = [...(tap?.metadata ?? []), { type: "ClientMessageId", id: entry.id }];
    const answer = await this.visit.request("ms.PublishEvent", { dialogId: dialog, event }, metadata);
    return isObject(answer) && typeof answer.sequence === "number" ? answer.sequence : null;
  }

  private async upload(id: string): Promise<void> {
    const { file } = this.entry(id);
    if (!file || file.path !== null) return;
    const bytes = await this.visit.world.files.get(id);
    if (!bytes) throw new Refused(410, "");
    const link = await this.visit.request("ms.GenerateURLForUploadFile", { fileSize: file.size, fileType: file.fileType });
    const path = linkOf(link);
    await this.visit.world.upload(path, bytes, (progress) => this.update(id, { progress }));
    this.update(id, { file: { ...file, path: path.split("?")[0] ?? path }, progress: 1 });
  }

  private put(entry: Entry): void {
    this.storage?.save(entry);
    this.visit.change({ entries: [...this.entries, entry] });
  }

  private update(id: string, changes: Partial<Entry>): void {
    const entries = this.entries.map((entry) => (entry.id === id ? { ...entry, ...changes } : entry));
    const changed = entries.find((entry) => entry.id === id);
    if (!changed) return;
    this.visit.change({ entries });
    // A share of an upload is nothing to keep.
    if (changed.state !== "sent" && Object.keys(changes).join() !== "progress") this.storage?.save(changed);
  }

  private forget(id: string): void {
    this.storage?.remove(id);
    void this.visit.world.files.remove(id);
  }
}

/** A signed link as one address below this server. */
export function linkOf(answer: unknown): string {
  const query = isObject(answer) && isObject(answer.queryParams) ? answer.queryParams : {};
  const path = isObject(answer) && typeof answer.relativePath === "string" ? answer.relativePath : "";
  if (!path.startsWith("/")) throw new Refused(500, "the server gave no link");
  return `${path}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()}`;
}

const mayPass = (error: Refused): boolean => error.code === 429 || error.code >= 500;
const isClosed = (error: Refused): boolean => error.code === 400 && /is clos/i.test(error.message);
