/** What a user chose for this browser: appearance, sounds, notifications, the consumer pane. Shared by all tabs. */
export interface Preferences {
  theme: "auto" | "light" | "dark";
  sound: boolean;
  notifications: boolean;
  details: boolean;
}

const KEY = "antiphon.preferences";
const DEFAULTS: Preferences = { theme: "auto", sound: true, notifications: false, details: true };

function read(): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    return { ...DEFAULTS, ...stored };
  } catch {
    return DEFAULTS;
  }
}

let current = read();
const listeners = new Set<() => void>();

function changed(): void {
  const root = document.documentElement;
  if (current.theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = current.theme;
  listeners.forEach((l) => l());
}

export const preferences = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): Preferences => current,
  set(change: Partial<Preferences>): void {
    current = { ...current, ...change };
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // Without storage the choice holds for this tab.
    }
    changed();
  },
  /** Applies what is stored and follows other tabs. Called once, before the first screen. */
  start(): void {
    changed();
    window.addEventListener("storage", (e) => {
      if (e.key !== KEY) return;
      current = read();
      changed();
    });
  },
};
