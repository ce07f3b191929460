import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { SocketError } from "@/api/socket";
import { renderDesk } from "@/components/testing";
import { conversation } from "@/stores/testing";
import { TransferDialog } from "./conversation-transfer";

const many = Array.from({ length: 9 }, (_, i) => ({ id: String(100 + i), name: `Skill ${i}`, description: "", enabled: i !== 8, waiting: 0 }));

describe("a transfer", () => {
  it("goes to another skill, and the agent leaves with it", async () => {
    const done = vi.fn();
    const { user, line } = await renderDesk(<TransferDialog conversation={conversation()} onClose={() => undefined} onDone={done} />);
    // The skill that it has is not offered.
    expect(screen.queryByRole("button", { name: /Orders/ })).toBeNull();
    await user.click(screen.getByRole("button", { name: /Billing/ }));
    expect(line.of("UpdateConversationField")).toEqual([
      { conversationId: "C", conversationField: [{ field: "ParticipantsChange", type: "REMOVE", role: "ASSIGNED_AGENT", userId: "12.77" }, { field: "Skill", type: "UPDATE", skill: "56" }] },
    ]);
    expect(done).toHaveBeenCalledWith("Billing");
  });
  it("finds a skill among many, and offers none that is switched off", async () => {
    const { user } = await renderDesk(<TransferDialog conversation={conversation()} onClose={() => undefined} onDone={() => undefined} />, { api: { skills: () => Promise.resolve({ items: many, next: null }) } });
    expect(screen.queryByRole("button", { name: /Skill 8/ })).toBeNull();
    await user.type(screen.getByLabelText("Find a skill"), "skill 3");
    expect(screen.getAllByRole("button", { name: /^Skill/ }).map((b) => b.textContent)).toEqual(["Skill 3"]);
  });
  it("says why it was refused, and stays", async () => {
    const done = vi.fn();
    const { user, line } = await renderDesk(<TransferDialog conversation={conversation()} onClose={() => undefined} onDone={done} />);
    line.answers.UpdateConversationField = () => {
      throw new SocketError(400, "The skill was switched off.");
    };
    await user.click(screen.getByRole("button", { name: /Billing/ }));
    expect((await screen.findByRole("alert")).textContent).toContain("The skill was switched off.");
    expect(done).not.toHaveBeenCalled();
  });
});
