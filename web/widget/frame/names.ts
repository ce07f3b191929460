/** What those who serve the visitor are called: asked once each, by the id that stands in what they wrote. */
import { conversationsOf } from "./state/model";
import type { Visit } from "./visit";
import { Cut, isObject } from "./wire/line";

/** So many are asked for at most; whoever comes after them stays without a name. */
const MOST = 50;

export class Names {
  private asked = new Set<string>();

  constructor(private readonly visit: Visit) {}

  /** Somebody may have come whose name is not here. */
  due(): void {
    const { known, connection } = this.visit.snapshot;
    if (connection !== "live") return;
    const writers = Object.values(known.logs).flatMap((log) => log.messages.filter((message) => !message.mine).map((message) => message.by));
    const agents = conversationsOf(known).flatMap((one) => one.dialogs.flatMap((dialog) => dialog.agents));
    for (const id of new Set([...agents, ...writers])) {
      if (this.asked.has(id) || this.asked.size >= MOST) continue;
      this.asked.add(id);
      void this.ask(id);
    }
  }

  private async ask(id: string): Promise<void> {
    try {
      const profile = await this.visit.request("userprofile.GetUserProfile", { userId: id });
      const name = isObject(profile) && typeof profile.firstName === "string" ? profile.firstName.trim().slice(0, 80) : "";
      if (name !== "") this.visit.change({ names: { ...this.visit.snapshot.names, [id]: name } });
    } catch (error) {
      // Asked again when the line is back; who is not known stays without a name.
      if (error instanceof Cut) this.asked.delete(id);
    }
  }
}
