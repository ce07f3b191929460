/**
 * Files picked for a conversation: uploaded at once, sent with the message, kept on the shelf until then. Two tabs see the
 * same ones. A shelf that fails loses nothing while the tab lives.
 */
import type { Kept, Shelf } from "./shelf";

export interface Attachment {
  readonly id: string;
  readonly file: File;
  readonly addedAt: number;
  /** `waiting`: it comes from the shelf and is not uploaded (any more). */
  readonly state: "waiting" | "uploading" | "ready" | "failed";
  readonly relativePath: string | null;
  readonly reason: string | null;
}

export type Upload = (file: File, signal: AbortSignal) => Promise<string>;

export interface AttachmentsWorld {
  newId(): string;
  now(): number;
  shelf: Shelf;
  /** Tells the other tabs that the files of a conversation are others now. */
  share(conversationId: string): void;
}

/** So long after its upload a file that was not sent is taken to be still at the server. */
const FRESH_MS = 3_600_000;

const NONE: readonly Attachment[] = [];

export class Attachments {
  private readonly byConversation = new Map<string, readonly Attachment[]>();
  private readonly aborts = new Map<string, AbortController>();
  private readonly listeners = new Set<() => void>();
  /** What is on the shelf as far as this tab knows. */
  private readonly shelved = new Set<string>();
  /** Sent or taken out here: a slower reading of the shelf does not bring it back. */
  private readonly gone = new Set<string>();
  /** One change of the shelf after the other, so that the last one holds. */
  private queue: Promise<unknown> = Promise.resolve();
  private readonly world: AttachmentsWorld;
  constructor(world: AttachmentsWorld) {
    this.world = world;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly get = (conversationId: string): readonly Attachment[] => this.byConversation.get(conversationId) ?? NONE;

  /** Takes over what the shelf holds: after a reload of everything, after a word of another tab of one conversation. */
  async restore(only?: string): Promise<void> {
    const kept = await this.onShelf((shelf) => shelf.all());
    if (!kept) return;
    const found = new Map<string, Kept[]>();
    for (const one of kept) found.set(one.conversationId, [...(found.get(one.conversationId) ?? []), one]);
    for (const id of only === undefined ? new Set([...found.keys(), ...this.byConversation.keys()]) : [only]) this.reconcile(id, found.get(id) ?? []);
  }

  add(conversationId: string, file: File, upload: Upload, explain: (e: unknown) => string): void {
    const id = this.world.newId();
    const attachment: Attachment = { id, file, addedAt: this.world.now(), state: "uploading", relativePath: null, reason: null };
    this.set(conversationId, [...this.get(conversationId), attachment]);
    void this.keep(conversationId, attachment);
    this.run(conversationId, id, file, upload, explain);
  }

  /** Uploads what came from the shelf. */
  resume(conversationId: string, upload: Upload, explain: (e: unknown) => string): void {
    for (const { id, state } of this.get(conversationId)) if (state === "waiting") this.retry(conversationId, id, upload, explain);
  }

  retry(conversationId: string, id: string, upload: Upload, explain: (e: unknown) => string): void {
    const known = this.get(conversationId).find((a) => a.id === id);
    if (!known) return;
    this.change(conversationId, id, { state: "uploading", reason: null });
    this.run(conversationId, id, known.file, upload, explain);
  }

  remove(conversationId: string, id: string): void {
    this.drop(conversationId, id);
    this.shelved.delete(id);
    void this.onShelf((shelf) => shelf.remove(id)).then(() => this.world.share(conversationId));
  }

  /** The user signs out: nothing stays in this browser. */
  async clearAll(): Promise<void> {
    for (const [conversationId, files] of this.byConversation) for (const { id } of files) this.drop(conversationId, id);
    this.shelved.clear();
    await this.onShelf((shelf) => shelf.clear());
  }

  private reconcile(conversationId: string, kept: readonly Kept[]): void {
    const present = new Map(this.get(conversationId).map((a) => [a.id, a]));
    // What another tab sent or took out goes; what never reached the shelf is this tab's own.
    for (const { id } of present.values()) {
      if (this.shelved.has(id) && !kept.some((k) => k.id === id)) this.drop(conversationId, id);
    }
    for (const { id, file, addedAt, uploaded } of kept) {
      if (this.gone.has(id)) continue;
      this.shelved.add(id);
      const relativePath = uploaded && this.world.now() - uploaded.at < FRESH_MS ? uploaded.relativePath : null;
      const known = present.get(id);
      if (!known) this.set(conversationId, [...this.get(conversationId), { id, file, addedAt, state: relativePath ? "ready" : "waiting", relativePath, reason: null }]);
      else if (known.state === "waiting" && relativePath) this.change(conversationId, id, { state: "ready", relativePath });
    }
  }

  private async keep(conversationId: string, { id, file, addedAt, relativePath }: Attachment): Promise<void> {
    const uploaded = relativePath === null ? null : { relativePath, at: this.world.now() };
    const kept = await this.onShelf(async (shelf) => {
      // Sent or taken out while it waited for its turn.
      if (!this.get(conversationId).some((a) => a.id === id)) return false;
      return shelf.put({ id, conversationId, file, addedAt, uploaded });
    });
    if (!kept) return;
    this.shelved.add(id);
    this.world.share(conversationId);
  }

  private async onShelf<T>(act: (shelf: Shelf) => Promise<T>): Promise<T | null> {
    const turn = this.queue.then(() => act(this.world.shelf)).catch(() => null);
    this.queue = turn;
    return turn;
  }

  private run(conversationId: string, id: string, file: File, upload: Upload, explain: (e: unknown) => string): void {
    const abort = new AbortController();
    this.aborts.set(id, abort);
    upload(file, abort.signal).then(
      (relativePath) => {
        this.change(conversationId, id, { state: "ready", relativePath });
        const ready = this.get(conversationId).find((a) => a.id === id);
        if (ready) void this.keep(conversationId, ready);
      },
      (e: unknown) => {
        if (!abort.signal.aborted) this.change(conversationId, id, { state: "failed", reason: explain(e) });
      },
    );
  }

  private drop(conversationId: string, id: string): void {
    this.aborts.get(id)?.abort();
    this.aborts.delete(id);
    this.gone.add(id);
    this.set(conversationId, this.get(conversationId).filter((a) => a.id !== id));
  }

  private change(conversationId: string, id: string, change: Partial<Attachment>): void {
    this.set(conversationId, this.get(conversationId).map((a) => (a.id === id ? { ...a, ...change } : a)));
  }

  private set(conversationId: string, next: readonly Attachment[]): void {
    this.byConversation.set(conversationId, next);
    this.listeners.forEach((l) => l());
  }
}

/** The protocol's word for a file's type: the extension in capitals, with its usual spelling. */
export function fileTypeOf(file: { name: string; type: string }): string {
  const extension = /\.([a-z0-9]{1,8})$/i.exec(file.name)?.[1]?.toUpperCase();
  const fromMime = file.type.split("/")[1]?.replace(/[^a-z0-9]/gi, "").toUpperCase();
  const type = extension ?? fromMime ?? "BIN";
  return type === "JPG" ? "JPEG" : type;
}

/** Whether a channel takes a file. `types` holds MIME types, families (`image/*`) or bare extensions; empty means any. */
export function isAccepted(file: { name: string; type: string }, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  const extension = fileTypeOf(file).toLowerCase();
  return types.some((raw) => {
    const type = raw.toLowerCase();
    if (type === "*/*" || type === "*") return true;
    if (type.endsWith("/*")) return file.type.toLowerCase().startsWith(type.slice(0, -1));
    if (type.includes("/")) return file.type.toLowerCase() === type;
    return type.replace(/^\./, "").replace(/^jpg$/, "jpeg") === extension;
  });
}
