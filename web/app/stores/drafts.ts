/**
 * What is being written in each conversation, kept in the browser under the user's name, so that it
 * survives a reload, an ended session and a closed tab. Two tabs see the same draft.
 */
export interface Draft {
  text: string;
  note: boolean;
}

const EMPTY: Draft = { text: "", note: false };

export class Drafts {
  private readonly cache = new Map<string, Draft>();
  private readonly listeners = new Set<() => void>();
  private readonly prefix: string;
  private readonly storage: Storage;

  constructor(storage: Storage, owner: string) {
    this.storage = storage;
    this.prefix = `antiphon.draft.${owner}.`;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly get = (conversationId: string): Draft => {
    const known = this.cache.get(conversationId);
    if (known) return known;
    const draft = parse(this.storage.getItem(this.prefix + conversationId));
    this.cache.set(conversationId, draft);
    return draft;
  };

  set(conversationId: string, draft: Draft): void {
    this.cache.set(conversationId, draft);
    try {
      if (draft.text === "" && !draft.note) this.storage.removeItem(this.prefix + conversationId);
      else this.storage.setItem(this.prefix + conversationId, JSON.stringify(draft));
    } catch {
      // A full storage: the draft lives on in this tab.
    }
    this.tell();
  }

  /** Another tab wrote. */
  fromOtherTab(key: string | null, value: string | null): void {
    if (!key?.startsWith(this.prefix)) return;
    this.cache.set(key.slice(this.prefix.length), parse(value));
    this.tell();
  }

  private tell(): void {
    this.listeners.forEach((l) => l());
  }
}

function parse(text: string | null): Draft {
  if (!text) return EMPTY;
  try {
    const { text: words, note } = JSON.parse(text) as Partial<Draft>;
    return { text: typeof words === "string" ? words : "", note: note === true };
  } catch {
    return EMPTY;
  }
}
