import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Conversation } from "@/api/wire";
import type { ListTab } from "@/routes/search";
import { conversation } from "@/stores/testing";
import { ConversationRow } from "./ConversationRow";
import { renderDesk } from "./testing";

const NOW = 1_700_000_000_000;
const names = { skill: () => "Orders", agent: (id: string) => (id === "12.78" ? "Tomás" : "Maya"), channel: () => "Test channel", source: () => "" };
const last = (more: Partial<NonNullable<Conversation["last"]>> = {}) => ({ sequence: 3, text: "Is it on its way?", role: "CONSUMER", originatorId: "cons-1", at: NOW - 60_000, kind: "text" as const, ...more });

async function row(more: Partial<Conversation> = {}, { unread = 0, tab = "mine", selected = false, draft = "" }: { unread?: number; tab?: ListTab; selected?: boolean; draft?: string } = {}) {
  const view = await renderDesk(<div role="list"><Drawn more={more} unread={unread} tab={tab} selected={selected} /></div>);
  if (draft) {
    view.desk.drafts.set("C", { text: draft, note: false });
    view.unmount();
    await renderDesk(<div role="list"><Drawn more={more} unread={unread} tab={tab} selected={selected} /></div>);
  }
  const link = screen.getByRole("link");
  return { link, text: link.textContent ?? "" };
}
const Drawn = ({ more, unread, tab, selected }: { more: Partial<Conversation>; unread: number; tab: ListTab; selected: boolean }) => (
  <ConversationRow conversation={conversation("C", { last: last(), ...more })} unread={unread} names={names} now={NOW} tab={tab} selected={selected} position={0} count={1} />
);

describe("a line of the list", () => {
  it("says who, over which channel, with which skill, and what was said last", async () => {
    const { link, text } = await row();
    for (const part of ["Nora", "Test channel", "Orders", "Is it on its way?"]) expect(text).toContain(part);
    expect(link.getAttribute("href")).toBe("/conversations/mine/C");
    expect(text).not.toContain("unread");
  });
  it("shows the number where there is no name", async () => {
    expect((await row({ consumer: { id: "cons-1", name: null, address: "+15005551234", optedOut: false } })).text).toContain("+15005551234");
  });
  it("counts what is unread", async () => {
    expect((await row({}, { unread: 3 })).text).toContain("3 unread messages");
    document.body.replaceChildren();
    expect((await row({}, { unread: 120 })).text).toContain("99+");
  });
  it("says how long the consumer waits, and sounds urgent after five minutes", async () => {
    const short = await row({ waitingSince: NOW - 3 * 60_000 });
    expect(short.text).toContain("3 min");
    expect(short.link.querySelector(".text-danger")).toBeNull();
    document.body.replaceChildren();
    const long = await row({ waitingSince: NOW - 6 * 60_000 });
    expect(long.link.querySelector(".text-danger")?.textContent).toContain("6 min");
    document.body.replaceChildren();
    expect((await row({ waitingSince: NOW - 6 * 60_000, open: false })).text).not.toContain("6 min");
  });
  it("says what I wrote, what was a file, and what is a draft", async () => {
    expect((await row({ last: last({ role: "ASSIGNED_AGENT", originatorId: "12.77", text: "On its way" }) })).text).toContain("You: On its way");
    document.body.replaceChildren();
    expect((await row({ last: last({ kind: "file", text: "" }) })).text).toContain("File");
    document.body.replaceChildren();
    expect((await row({}, { draft: "half a thought" })).text).toContain("Draft: half a thought");
    document.body.replaceChildren();
    expect((await row({}, { draft: "half a thought", selected: true })).text).not.toContain("Draft");
  });
  it("says who serves it where others' are listed too", async () => {
    const of = (agent: string | null) => ({ participants: [{ id: "cons-1", role: "CONSUMER", state: "ACTIVE" }, ...(agent ? [{ id: agent, role: "ASSIGNED_AGENT", state: "ACTIVE" }] : [])] });
    expect((await row(of("12.78"), { tab: "all" })).text).toContain("Tomás");
    document.body.replaceChildren();
    expect((await row(of(null), { tab: "all" })).text).toContain("In queue");
    document.body.replaceChildren();
    expect((await row(of("12.78"))).text).not.toContain("Tomás");
  });
  it("marks what is closed, opted out and chosen", async () => {
    const { link, text } = await row({ open: false, consumer: { id: "cons-1", name: "Nora", address: "+1", optedOut: true } }, { selected: true });
    expect(text).toContain("Closed");
    expect(text).toContain("Opted out");
    expect(link.getAttribute("aria-current")).toBe("true");
  });
});
