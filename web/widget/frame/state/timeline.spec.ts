import { describe, expect, it } from "vitest";
import { EMPTY_LOG, type Conversation, type Known, type Message } from "./model";
import { entryOf } from "./outbox";
import { lastOfMine, repliesOf, rowsOf } from "./timeline";

const DAY = new Date(2026, 4, 3, 12, 0).getTime();
const message = (dialog: string, sequence: number, mine: boolean, at: number, more: Partial<Message> = {}): Message => ({ dialog, sequence, mine, by: mine ? "me" : "agent", role: "", at, clientId: null, content: { type: "text", text: `${dialog}${sequence}` }, quickReplies: null, ...more });
const conversation = (id: string, startedAt: number, open: boolean, dialogs = [id]): Conversation => ({ id, open, startedAt, endedAt: open ? null : startedAt + 1, updatedAt: 0, closedBy: null, dialogs: dialogs.map((one) => ({ id: one, kind: "MAIN", open, createdAt: startedAt, endedAt: null, agents: [] })) });
const known = (conversations: Conversation[], messages: Message[]): Known => {
  const logs: Record<string, typeof EMPTY_LOG> = {};
  for (const one of messages) logs[one.dialog] = { ...(logs[one.dialog] ?? EMPTY_LOG), messages: [...(logs[one.dialog]?.messages ?? []), one] };
  return { conversations: Object.fromEntries(conversations.map((one) => [one.id, one])), logs, typing: {} };
};
const shape = (rows: ReturnType<typeof rowsOf>) => rows.map((row) => (row.kind === "message" ? `${row.message.dialog}${row.message.sequence}${row.first ? "<" : ""}${row.last ? ">" : ""}` : row.kind === "pending" ? `pending ${row.entry.text}` : row.kind));

describe("the timeline", () => {
  it("breaks at days, groups what stands together, and shows ends", () => {
    const state = known(
      [conversation("a", DAY - 86_400_000, false), conversation("b", DAY, true, ["b", "s"])],
      [message("a", 0, true, DAY - 86_400_000), message("b", 0, true, DAY), message("b", 1, true, DAY + 1_000), message("b", 2, false, DAY + 2_000), message("b", 3, false, DAY + 900_000), message("s", 0, false, DAY + 901_000, { by: "bot" })],
    );
    expect(shape(rowsOf(state, ["a", "b"], [entryOf("e", "t", DAY + 902_000, { text: "x" })]))).toEqual(["day", "a0<>", "ended", "day", "b0<", "b1>", "b2<>", "b3<>", "s0<>", "pending x"]);
    expect(shape(rowsOf(state, ["b"], []))).not.toContain("a0<>");
  });

  it("lists no tap without words", () => {
    const tap = { dialog: "b", sequence: 0, metadata: [], id: "t", told: false, publishes: false };
    expect(rowsOf(known([], []), [], [entryOf("e", "t", DAY, { tap })])).toEqual([]);
  });

  it("offers quick replies until anything is said or tapped", () => {
    const asked = message("b", 0, false, DAY, { quickReplies: { replies: [] } });
    const state = known([conversation("b", DAY, true)], [asked]);
    expect(repliesOf(state, "b", [])).toBe(asked);
    expect(repliesOf(state, "b", [entryOf("e", "t", DAY, { text: "x" })])).toBeNull();
    expect(repliesOf(known([conversation("b", DAY, true)], [asked, message("b", 1, true, DAY)]), "b", [])).toBeNull();
    const log = state.logs.b;
    expect(log && repliesOf({ ...state, logs: { b: { ...log, acted: new Set([0]) } } }, "b", [])).toBeNull();
    expect(repliesOf(state, "elsewhere", [])).toBeNull();
  });

  it("knows under which message its fate stands", () => {
    const state = known([conversation("b", DAY, true)], [message("b", 0, true, DAY), message("b", 1, false, DAY)]);
    expect(lastOfMine(rowsOf(state, ["b"], []))).toBe("b 0");
    expect(lastOfMine(rowsOf(state, ["b"], [entryOf("e", "t", DAY, { text: "x" })]))).toBe("e");
    expect(lastOfMine([])).toBeNull();
  });
});
