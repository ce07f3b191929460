import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderDesk } from "@/components/testing";
import { conversation } from "@/stores/testing";
import { CloseConversationDialog } from "./conversation-close";

describe("closing", () => {
  it("is asked for, and done by Enter", async () => {
    const done = vi.fn();
    const { user, line } = await renderDesk(<CloseConversationDialog conversation={conversation()} name="Nora" onClose={() => undefined} onDone={done} />);
    expect(screen.getByRole("dialog").textContent).toContain("If Nora writes again, a new conversation opens");
    expect(line.of("UpdateConversationField")).toEqual([]);
    await user.keyboard("{Enter}");
    expect(line.of("UpdateConversationField")).toEqual([{ conversationId: "C", conversationField: [{ field: "DialogChange", type: "UPDATE", dialog: { dialogId: "C", state: "CLOSE" } }] }]);
    expect(done).toHaveBeenCalledTimes(1);
  });
  it("does nothing when it is thought better of", async () => {
    const close = vi.fn();
    const { user, line } = await renderDesk(<CloseConversationDialog conversation={conversation()} name="Nora" onClose={close} onDone={() => undefined} />);
    await user.click(screen.getAllByRole("button", { name: "Cancel" }).at(-1) ?? document.body);
    expect([line.of("UpdateConversationField"), close.mock.calls.length]).toEqual([[], 1]);
  });
});
