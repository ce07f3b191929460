/** What the tabs of one browser tell one another. Anything may be lost: it only spares a tab from finding out by itself. */
export type TabWord =
  /** Somebody is there: the user's session now ends at this time. */
  | { kind: "awake"; owner: string; endsAt: number }
  /** The session became another one: signed in, signed out, or as somebody else. */
  | { kind: "session" }
  /** The files chosen for a conversation are others now. */
  | { kind: "files"; owner: string; conversationId: string };

const NAME = "antiphon.session";

function isWord(value: unknown): value is TabWord {
  const word = (value ?? {}) as Record<string, unknown>;
  switch (word.kind) {
    case "session":
      return true;
    case "awake":
      return typeof word.owner === "string" && typeof word.endsAt === "number";
    case "files":
      return typeof word.owner === "string" && typeof word.conversationId === "string";
    default:
      return false;
  }
}

let channel: BroadcastChannel | null = null;
const ears = new Set<(word: TabWord) => void>();

function open(): BroadcastChannel {
  if (channel === null) {
    channel = new BroadcastChannel(NAME);
    channel.onmessage = (event: MessageEvent<unknown>) => {
      const word = event.data;
      if (isWord(word)) ears.forEach((ear) => ear(word));
    };
  }
  return channel;
}

export const tabs = {
  /** Tells every other tab, not this one. */
  tell(word: TabWord): void {
    open().postMessage(word);
  },
  listen(ear: (word: TabWord) => void): () => void {
    open();
    ears.add(ear);
    return () => ears.delete(ear);
  },
};
