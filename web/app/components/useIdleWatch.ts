/** Ties the watch over inactivity to the page: what a person does in it, the words of the other tabs, and a notification when nobody looks. */
import { useEffect } from "react";
import type { IdleLogOut } from "@/api/types";
import { t } from "@/i18n";
import { notify } from "@/stores/alerts";
import type { IdleWatch } from "@/stores/idle";
import { tabs } from "@/stores/tabs";

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

export function useIdleWatch(watch: IdleWatch, owner: string, idle: IdleLogOut | null, running: boolean): void {
  useEffect(() => {
    if (!running) return;
    watch.start(idle);
    return () => watch.stop();
  }, [watch, idle, running]);

  useEffect(() => {
    let x = -1;
    let y = -1;
    const sign = (e: Event) => {
      // A page that moves under a resting mouse is nobody's doing.
      if (e.type === "pointermove" && e instanceof MouseEvent) {
        const still = e.screenX === x && e.screenY === y;
        x = e.screenX;
        y = e.screenY;
        if (still) return;
      }
      watch.touched();
    };
    for (const name of SIGNS) window.addEventListener(name, sign, { capture: true, passive: true });
    const deaf = tabs.listen((word) => {
      if (word.kind === "awake" && word.owner === owner) watch.heard(word.endsAt);
    });
    const quiet = watch.subscribe(() => {
      if (watch.get().warnedUntil !== null) notify(t("idle.notify"), t("idle.notifyBody"), "idle", () => undefined);
    });
    return () => {
      for (const name of SIGNS) window.removeEventListener(name, sign, { capture: true });
      deaf();
      quiet();
    };
  }, [watch, owner]);
}
