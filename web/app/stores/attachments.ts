/** Files picked for a conversation: uploaded at once, sent with the message. Kept while the page lives. */
export interface Attachment {
  readonly id: string;
  readonly file: File;
  readonly state: "uploading" | "ready" | "failed";
  readonly relativePath: string | null;
  readonly reason: string | null;
}

type Upload = (file: File, signal: AbortSignal) => Promise<string>;

const NONE: readonly Attachment[] = [];

export class Attachments {
  private readonly byConversation = new Map<string, readonly Attachment[]>();
  private readonly aborts = new Map<string, AbortController>();
  private readonly listeners = new Set<() => void>();
  private readonly newId: () => string;
  constructor(newId: () => string) {
    this.newId = newId;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly get = (conversationId: string): readonly Attachment[] => this.byConversation.get(conversationId) ?? NONE;

  add(conversationId: string, file: File, upload: Upload, explain: (e: unknown) => string): void {
    const id = this.newId();
    this.set(conversationId, [...this.get(conversationId), { id, file, state: "uploading", relativePath: null, reason: null }]);
    this.run(conversationId, id, file, upload, explain);
  }

  retry(conversationId: string, id: string, upload: Upload, explain: (e: unknown) => string): void {
    const known = this.get(conversationId).find((a) => a.id === id);
    if (!known) return;
    this.change(conversationId, id, { state: "uploading", reason: null });
    this.run(conversationId, id, known.file, upload, explain);
  }

  remove(conversationId: string, id: string): void {
    this.aborts.get(id)?.abort();
    this.aborts.delete(id);
    this.set(conversationId, this.get(conversationId).filter((a) => a.id !== id));
  }

  clear(conversationId: string): void {
    for (const a of this.get(conversationId)) this.aborts.delete(a.id);
    this.set(conversationId, NONE);
  }

  private run(conversationId: string, id: string, file: File, upload: Upload, explain: (e: unknown) => string): void {
    const abort = new AbortController();
    this.aborts.set(id, abort);
    upload(file, abort.signal).then(
      (relativePath) => this.change(conversationId, id, { state: "ready", relativePath }),
      (e: unknown) => {
        if (!abort.signal.aborted) this.change(conversationId, id, { state: "failed", reason: explain(e) });
      },
    );
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
