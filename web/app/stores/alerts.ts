/** Sounds made by the browser itself, and desktop notifications. Both only when the user wants them, and once however many tabs there are. */
import { preferences } from "./preferences";

const ALERTED = "antiphon.alerted";
/** So long hidden tabs wait for one that is seen to speak first. */
const POLITE_MS = 300;
/** So long what a tab has stored may take to reach the others. */
const SPREAD_MS = 10_000;
/** Most events whose alert is remembered. */
const MOST_ALERTED = 30;

/** Alerts of an event in one tab alone: one that is seen, if there is any. */
export async function once(event: string, alert: () => void): Promise<void> {
  if (document.visibilityState !== "visible") await new Promise((done) => setTimeout(done, POLITE_MS));
  if (await isFirst(event)) alert();
}

/** Two tabs must not both be the first: what one has stored, the other may read only some time later, but a lock is known at once. */
function isFirst(event: string): Promise<boolean> {
  if (!("locks" in navigator)) return Promise.resolve(remember(event));
  return new Promise((told, failed) => {
    const held = navigator.locks.request(`${ALERTED} ${event}`, { ifAvailable: true }, (lock) => {
      const mine = lock !== null && remember(event);
      told(mine);
      return mine ? new Promise((done) => setTimeout(done, SPREAD_MS)) : undefined;
    });
    held.catch(failed);
  });
}

/** Whether nobody is known to have alerted of it; from now on somebody is. */
function remember(event: string): boolean {
  const known = (localStorage.getItem(ALERTED) ?? "").split(" ");
  if (known.includes(event)) return false;
  try {
    localStorage.setItem(ALERTED, [...known, event].slice(-MOST_ALERTED).join(" "));
  } catch {
    // Without storage each tab speaks for itself.
  }
  return true;
}

let context: AudioContext | null = null;

/** Two soft tones up for an offer, one for a message. */
export function beep(kind: "ring" | "message"): void {
  if (!preferences.get().sound) return;
  try {
    context ??= new AudioContext();
    if (context.state === "suspended") void context.resume();
    const notes = kind === "ring" ? [660, 880] : [740];
    notes.forEach((frequency, i) => {
      if (!context) return;
      const at = context.currentTime + i * 0.16;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.type = "sine";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(0.12, at + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + 0.32);
    });
  } catch {
    // No audio device, or the page was not touched yet: silence is fine.
  }
}

export const notificationsSupported = (): boolean => typeof Notification !== "undefined";

/** Asks the browser's permission. Answers whether notifications may be shown. */
export async function allowNotifications(): Promise<boolean> {
  if (!notificationsSupported()) return false;
  if (Notification.permission === "granted") return true;
  return (await Notification.requestPermission()) === "granted";
}

/** Shown only while the page is out of sight. One tag replaces its own earlier notification. */
export function notify(title: string, body: string, tag: string, onPress: () => void): void {
  if (!preferences.get().notifications || !notificationsSupported()) return;
  if (Notification.permission !== "granted" || document.visibilityState === "visible") return;
  try {
    const note = new Notification(title, { body: body.slice(0, 180), tag, icon: "/icon.svg" });
    note.onclick = () => {
      window.focus();
      onPress();
      note.close();
    };
  } catch {
    // Some browsers allow notifications from service workers only.
  }
}
