import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { SocketError } from "@/api/socket";
import type { Notice } from "@/api/wire";
import { ring } from "@/stores/testing";
import { toastStore } from "@/stores/toasts";
import { RingCards } from "./RingCards";
import { renderDesk, settle } from "./testing";

afterEach(() => void vi.useRealTimers());

const summary = { id: "C", channel: "test_channel", consumer: { id: "cons-1", name: "Nora", address: "+1" }, last_message: { text: "Is it on its way?" } };
const api = { conversation: () => Promise.resolve(summary) };
const offered = (id: string, leftMs: number, conversationId = "C"): Notice => ({
  kind: "rings",
  subscriptionId: "rings",
  changes: [{ type: "UPSERT", conversationId, rings: [ring(id, { conversationId, expiresAt: Date.now() + leftMs })] }],
});

describe("offers", () => {
  it("say who waits, what for, and how much time is left", async () => {
    const { hear } = await renderDesk(<RingCards />, { api });
    expect(screen.queryByRole("article")).toBeNull();
    hear(offered("r1", 30_000));
    await act(settle);
    const card = screen.getByRole("article", { name: "Nora is waiting" });
    expect(card.textContent).toContain("Is it on its way?");
    expect(card.textContent).toContain("Orders");
    expect(within(card).getByRole("timer").getAttribute("aria-label")).toBe("30 seconds left");
  });

  it("are accepted, and the conversation is opened", async () => {
    const { user, line, router, hear } = await renderDesk(<RingCards />, { api });
    hear(offered("r1", 30_000));
    await act(settle);
    await user.click(screen.getByRole("button", { name: "Accept" }));
    expect(line.of("UpdateRingState")).toEqual([{ ringId: "r1", ringState: "ACCEPTED" }]);
    expect(router.state.location.pathname).toBe("/conversations/mine/C");
    expect(screen.queryByRole("article")).toBeNull();
  });

  it("are rejected, and nothing is opened", async () => {
    const { user, line, router, hear } = await renderDesk(<RingCards />, { api });
    hear(offered("r1", 30_000));
    await act(settle);
    await user.click(screen.getByRole("button", { name: "Reject" }));
    expect(line.of("UpdateRingState")).toEqual([{ ringId: "r1", ringState: "REJECTED" }]);
    expect(router.state.location.pathname).toBe("/conversations/mine");
  });

  it("are accepted from the keyboard, the one that ends first", async () => {
    const { line, hear } = await renderDesk(<RingCards />, { api });
    hear(offered("late", 60_000, "D"), offered("soon", 10_000, "C"));
    await act(settle);
    fireEvent.keyDown(window, { code: "KeyN", altKey: true, shiftKey: true });
    await act(settle);
    expect(line.of("UpdateRingState")).toEqual([{ ringId: "soon", ringState: "ACCEPTED" }]);
  });

  it("go when their time is over or somebody else took them", async () => {
    const { hear } = await renderDesk(<RingCards />, { api });
    hear(offered("r1", -1));
    await act(settle);
    expect(screen.queryByRole("article")).toBeNull();
    hear(offered("r2", 30_000, "D"));
    await act(settle);
    expect(screen.getByRole("article")).toBeTruthy();
    hear({ kind: "rings", subscriptionId: "rings", changes: [{ type: "DELETE", conversationId: "D", rings: [] }] });
    expect(screen.queryByRole("article")).toBeNull();
  });

  it("stay where they are when the server refuses, with its reason", async () => {
    const { user, line, router, hear } = await renderDesk(<RingCards />, { api });
    line.answers.UpdateRingState = () => {
      throw new SocketError(400, "You have no room for it.");
    };
    hear(offered("r1", 30_000));
    await act(settle);
    await user.click(screen.getByRole("button", { name: "Accept" }));
    await act(settle);
    expect(toastStore.get().at(-1)?.text).toContain("You have no room for it.");
    expect(router.state.location.pathname).toBe("/conversations/mine");
  });
});
