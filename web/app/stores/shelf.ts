/**
 * Chosen files, kept in the browser's database under the user's name until they are sent or taken out, so that a reload
 * or an ended session loses none. Signing out empties it; what lay there for days goes by itself.
 */
export interface Kept {
  readonly id: string;
  readonly conversationId: string;
  readonly file: File;
  readonly addedAt: number;
  /** Where it was uploaded to, and when. */
  readonly uploaded: { readonly relativePath: string; readonly at: number } | null;
}

export interface Shelf {
  /** Everything of this user, the oldest first. */
  all(): Promise<Kept[]>;
  /** Whether it is kept now: past the bounds nothing is. */
  put(kept: Kept): Promise<boolean>;
  remove(id: string): Promise<void>;
  clear(): Promise<void>;
}

/** Most files of one user. */
const MOST_FILES = 40;
/** Most bytes of one user. */
const MOST_BYTES = 100_000_000;
const MOST_AGE_MS = 7 * 86_400_000;

const DATABASE = "antiphon";
const STORE = "attachments";

type Row = Kept & { readonly owner: string };

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database failed"));
  });

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(STORE, { keyPath: "id" });
  };
  return done(request);
}

/** The shelf in the browser's own database. Where there is none, files live as long as their tab. */
export function browserShelf(owner: string, now: () => number): Shelf {
  let opened: Promise<IDBDatabase> | null = null;
  const store = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    opened ??= open();
    return (await opened).transaction(STORE, mode).objectStore(STORE);
  };
  // Few rows and many bytes: all are read, files come as handles and not as bytes.
  const rows = async (): Promise<Row[]> => (await done((await store("readonly")).getAll() as IDBRequest<Row[]>)).filter((row) => row.file instanceof File);
  return {
    async all() {
      const every = await rows();
      const old = every.filter((row) => now() - row.addedAt > MOST_AGE_MS);
      for (const row of old) await done((await store("readwrite")).delete(row.id));
      return every.filter((row) => row.owner === owner && !old.includes(row)).sort((a, b) => a.addedAt - b.addedAt);
    },
    async put(kept) {
      const others = (await rows()).filter((row) => row.owner === owner && row.id !== kept.id);
      const bytes = others.reduce((sum, row) => sum + row.file.size, kept.file.size);
      if (others.length >= MOST_FILES || bytes > MOST_BYTES) return false;
      await done((await store("readwrite")).put({ ...kept, owner } satisfies Row));
      return true;
    },
    async remove(id) {
      await done((await store("readwrite")).delete(id));
    },
    async clear() {
      for (const row of await rows()) if (row.owner === owner) await done((await store("readwrite")).delete(row.id));
    },
  };
}
