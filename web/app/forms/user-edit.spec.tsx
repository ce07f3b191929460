import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderDesk, sessionOf } from "@/components/testing";
import { UserDialog } from "./user-edit";

const profiles = () => Promise.resolve({ items: [{ id: "agent", name: "Agent" }, { id: "agent_manager", name: "Agent manager" }], next: null });
const tomas = { id: "78", pid: "p", login: "tomas", nickname: "Tomás", full_name: "Tomás Ferreira", email: null, kind: "human", profile: "agent", skill_ids: ["55"], max_conversations: 5, enabled: true, locked_until: 1_900_000_000_000 };
const session = sessionOf("manage_users");

describe("a user's form", () => {
  it("creates one, with the account's default skill", async () => {
    const createUser = vi.fn(() => Promise.resolve(tomas));
    const { user } = await renderDesk(<UserDialog id={null} onClose={() => undefined} />, { session, api: { createUser, profiles } });
    await user.type(screen.getByLabelText(/^Login/), "tomas");
    await user.type(screen.getByLabelText(/^Password/), "correct-horse-9A");
    await user.type(screen.getByLabelText(/^Nickname/), "Tomás");
    await user.selectOptions(screen.getByLabelText(/^Profile/), "agent_manager");
    await user.selectOptions(screen.getByLabelText(/^Kind/), "bot");
    await user.click(screen.getByRole("checkbox", { name: "Billing" }));
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(createUser).toHaveBeenCalledWith({ login: "tomas", password: "correct-horse-9A", nickname: "Tomás", full_name: "", email: null, kind: "bot", profile: "agent_manager", skill_ids: ["55", "56"], max_conversations: 10 });
  });
  it("changes one as it was read, sets a password and unlocks, each on its own", async () => {
    const [updateUser, setUserPassword, unlockUser] = [vi.fn(() => Promise.resolve(tomas)), vi.fn(() => Promise.resolve()), vi.fn(() => Promise.resolve())];
    const { user } = await renderDesk(<UserDialog id="78" onClose={() => undefined} />, { session, api: { updateUser, setUserPassword, unlockUser, profiles, user: () => Promise.resolve({ data: tomas, etag: '"3"' }) } });
    await user.click(screen.getByRole("button", { name: "Unlock" }));
    expect(unlockUser).toHaveBeenCalledWith("78");
    const set = screen.getByRole<HTMLButtonElement>("button", { name: "Set a new password" });
    expect(set.disabled).toBe(true);
    await user.type(screen.getByLabelText("Set a new password", { selector: "input" }), "another-horse-7B");
    await user.click(set);
    expect(setUserPassword).toHaveBeenCalledWith("78", "another-horse-7B");
    expect(updateUser).not.toHaveBeenCalled();
    await user.clear(screen.getByLabelText(/^Most conversations/));
    await user.type(screen.getByLabelText(/^Most conversations/), "7{Enter}");
    expect(updateUser).toHaveBeenCalledWith("78", { nickname: "Tomás", full_name: "Tomás Ferreira", email: null, profile: "agent", skill_ids: ["55"], max_conversations: 7, enabled: true }, '"3"');
  });
});
