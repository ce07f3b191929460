/** Short confirmations and problems that no form shows. At most a few at a time. */
export interface Toast {
  id: number;
  text: string;
  tone: "ok" | "danger";
}

const MAX = 3;
const SHOWN_MS = 6_000;

let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  listeners.forEach((l) => l());
}

export const toastStore = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): readonly Toast[] => toasts,
};

export function dismissToast(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

export function toast(text: string, tone: Toast["tone"] = "ok"): void {
  const id = nextId++;
  set([...toasts, { id, text, tone }].slice(-MAX));
  setTimeout(() => dismissToast(id), SHOWN_MS);
}
