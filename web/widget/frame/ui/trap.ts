/** Keeps the keyboard inside the open window: Tab goes round, Escape closes it and gives the keyboard back to the page. */
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

const FOCUSABLE = "button:not(:disabled), a[href], textarea:not(:disabled), [tabindex='0']";

export function useTrap(root: RefObject<HTMLElement | null>, on: boolean, onEscape: () => void): void {
  useEffect(() => {
    if (!on) return undefined;
    const pressed = (event: KeyboardEvent) => {
      // A dialog inside has rules of its own.
      if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (event.key === "Escape") {
        onEscape();
        return;
      }
      if (event.key !== "Tab") return;
      const all = [...(root.current?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? [])];
      const [first, last] = [all[0], all.at(-1)];
      const leaving = event.shiftKey ? first : last;
      if (document.activeElement !== leaving && document.activeElement !== document.body) return;
      event.preventDefault();
      (event.shiftKey ? last : first)?.focus();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [root, on, onEscape]);
}
