/** Sounds made by the browser itself, and desktop notifications. Both only when the user wants them. */
import { preferences } from "./preferences";

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
