/** The files of unsent messages, kept by the browser until they are uploaded, so that a reload loses none. */

const DATABASE = "antiphon.widget.files";
const STORE = "files";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no database"));
  });
}

async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
    });
  } finally {
    database.close();
  }
}

/** Where files wait. What the browser refuses to keep is held in memory. */
export interface FileStore {
  put(id: string, file: Blob): Promise<void>;
  get(id: string): Promise<Blob | null>;
  remove(id: string): Promise<void>;
}

export class BrowserFiles implements FileStore {
  private readonly memory = new Map<string, Blob>();

  async put(id: string, file: Blob): Promise<void> {
    this.memory.set(id, file);
    await within("readwrite", (store) => store.put(file, id)).catch(() => undefined);
  }

  async get(id: string): Promise<Blob | null> {
    const found = this.memory.get(id) ?? (await within("readonly", (store) => store.get(id) as IDBRequest<Blob | undefined>).catch(() => undefined));
    return found ?? null;
  }

  async remove(id: string): Promise<void> {
    this.memory.delete(id);
    await within("readwrite", (store) => store.delete(id)).catch(() => undefined);
  }
}
