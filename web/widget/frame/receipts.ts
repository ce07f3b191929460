/** What the visitor's program tells of its visitor: what arrived, what was read, and that they type. Never stored, computed anew after a cut. */
import type { Visit } from "./visit";
import { owed } from "./state/reduce";

/** Receipts that come together go together. */
const GATHER = 250;
/** While somebody types it is said again so often. */
const REPEAT = 5_000;
/** After so long without a key the visitor has stopped. */
const PAUSE = 4_000;

export class Receipts {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private typingSince: number | null = null;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly visit: Visit) {}

  /** Something may have to be acknowledged. */
  due(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), GATHER);
  }

  private async send(): Promise<void> {
    if (this.running || this.visit.snapshot.connection !== "live") return;
    this.running = true;
    try {
      const { known, shown } = this.visit.snapshot;
      const open = shown.flatMap((id) => known.conversations[id]?.dialogs.filter((dialog) => dialog.open).map((dialog) => [id, dialog.id] as const) ?? []);
      for (const [conversation, dialog] of open) {
        const log = known.logs[dialog];
        if (!log) continue;
        for (const status of ["ACCEPT", "READ"] as const) {
          const sequenceList = owed(log, status);
          // What is read has arrived.
          const fresh = status === "ACCEPT" ? sequenceList.filter((sequence) => !log.seen.has(sequence)) : sequenceList;
          if (fresh.length > 0) await this.visit.request("ms.PublishEvent", { dialogId: dialog, conversationId: conversation, event: { type: "AcceptStatusEvent", status, sequenceList: fresh } });
        }
      }
    } catch {
      // A dialog that closed meanwhile takes none, and a cut is made good by the next connection.
    } finally {
      this.running = false;
    }
  }

  /** The visitor presses keys; `on` when what stands there is more than nothing. */
  typed(on: boolean): void {
    clearTimeout(this.pause);
    const now = this.visit.world.now();
    if (!on) {
      if (this.typingSince !== null) this.tell("PAUSE");
      this.typingSince = null;
      return;
    }
    if (this.typingSince === null || now - this.typingSince >= REPEAT) {
      this.typingSince = now;
      this.tell("COMPOSING");
    }
    this.pause = setTimeout(() => this.typed(false), PAUSE);
  }

  private tell(chatState: string): void {
    const dialog = this.visit.current();
    // A survey is asked by a program, which does not wait for keys.
    if (dialog?.kind !== "MAIN" || this.visit.snapshot.connection !== "live") return;
    void this.visit.request("ms.PublishEvent", { dialogId: dialog.id, event: { type: "ChatStateEvent", chatState } }).catch(() => undefined);
  }
}
