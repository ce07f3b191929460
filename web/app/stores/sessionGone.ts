/** Whether the session of the signed-in user has ended: the page stays as it is, under a sign-in dialog. */
let gone = false;
const listeners = new Set<() => void>();

export const sessionGone = {
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: (): boolean => gone,
  set(value: boolean): void {
    if (gone === value) return;
    gone = value;
    listeners.forEach((l) => l());
  },
};
