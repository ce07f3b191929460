/** Keyboard shortcuts: one table, one listener. Screens name what they do, the table says with which keys. */
import { useEffect, useEffectEvent } from "react";
import type { MessageKey } from "@/i18n";

export type ShortcutName =
  | "next" | "previous" | "deselect" | "copy" | "queue" | "transfer" | "close" | "accept" | "join" | "leave" | "state" | "signOut"
  | "find" | "reply" | "note" | "help";

interface Shortcut {
  keys: readonly string[];
  text: MessageKey;
  matches: (e: KeyboardEvent) => boolean;
}

/** By place on the keyboard: with Alt held, the character itself differs between systems. */
const altShift = (code: string) => (e: KeyboardEvent) => e.altKey && e.shiftKey && !e.ctrlKey && !e.metaKey && e.code === code;
const onMac = typeof navigator !== "undefined" && /mac/i.test(navigator.platform);
const ctrl = (code: string) => (e: KeyboardEvent) => (onMac ? e.metaKey : e.ctrlKey) && !e.altKey && !e.shiftKey && e.code === code;
const alt = (text: string) => [onMac ? "⌥" : "Alt", onMac ? "⇧" : "Shift", text];
const cmd = onMac ? "⌘" : "Ctrl";

export const SHORTCUTS: Record<ShortcutName, Shortcut> = {
  next: { keys: alt("M"), text: "keys.next", matches: altShift("KeyM") },
  previous: { keys: alt("K"), text: "keys.previous", matches: altShift("KeyK") },
  accept: { keys: alt("N"), text: "keys.accept", matches: altShift("KeyN") },
  reply: { keys: alt("J"), text: "keys.reply", matches: altShift("KeyJ") },
  note: { keys: alt("P"), text: "keys.note", matches: altShift("KeyP") },
  queue: { keys: alt("Q"), text: "keys.queue", matches: altShift("KeyQ") },
  transfer: { keys: alt("R"), text: "keys.transfer", matches: altShift("KeyR") },
  close: { keys: alt("W"), text: "keys.close", matches: altShift("KeyW") },
  join: { keys: alt("O"), text: "keys.join", matches: altShift("KeyO") },
  leave: { keys: alt("I"), text: "keys.leave", matches: altShift("KeyI") },
  copy: { keys: alt("Y"), text: "keys.copy", matches: altShift("KeyY") },
  deselect: { keys: alt("U"), text: "keys.deselect", matches: altShift("KeyU") },
  find: { keys: [cmd, "K"], text: "keys.find", matches: ctrl("KeyK") },
  state: { keys: alt("S"), text: "keys.state", matches: altShift("KeyS") },
  signOut: { keys: alt("L"), text: "keys.signOut", matches: altShift("KeyL") },
  help: { keys: ["?"], text: "keys.help", matches: (e) => e.key === "?" && !e.ctrlKey && !e.metaKey && !e.altKey && !isEditable(e.target) },
};

function isEditable(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Runs `action` when the shortcut is pressed. Nothing happens under an open dialog. */
export function useShortcut(name: ShortcutName, action: () => void): void {
  const run = useEffectEvent(action);
  useEffect(() => {
    const listen = (e: KeyboardEvent) => {
      if (e.defaultPrevented || !SHORTCUTS[name].matches(e) || document.querySelector("dialog[open]")) return;
      e.preventDefault();
      run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [name]);
}
