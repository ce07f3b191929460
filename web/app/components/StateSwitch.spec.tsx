import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { SocketError } from "@/api/socket";
import { conversation, ME } from "@/stores/testing";
import { toastStore } from "@/stores/toasts";
import { StateSwitch } from "./StateSwitch";
import { renderDesk } from "./testing";

const others = conversation("X", { participants: [{ id: "cons-1", role: "CONSUMER", state: "ACTIVE" }, { id: "12.78", role: "ASSIGNED_AGENT", state: "ACTIVE" }, { id: ME.oldId, role: "MANAGER", state: "ACTIVE" }] });

describe("the switch of the agent's state", () => {
  it("shows the state and how much of the capacity is taken: what one only joined takes none", async () => {
    await renderDesk(<StateSwitch />, { mine: [conversation("A"), conversation("B"), others] });
    expect(screen.getByRole("button", { name: "Your state: Online. 2 of 3 conversations" })).toBeTruthy();
  });

  it("sets another state and follows what the server tells", async () => {
    const { user, line, hear } = await renderDesk(<StateSwitch />);
    await user.click(screen.getByRole("button", { name: /Your state: Online/ }));
    await user.click(await screen.findByRole("menuitemradio", { name: /Back soon/ }));
    expect(line.of("SetAgentState")).toEqual([{ availability: "BACK_SOON", channels: ["MESSAGING"], agentUserId: ME.oldId }]);
    expect(screen.getByRole("button", { name: /Your state: Online/ })).toBeTruthy();
    hear({ kind: "agent_state", subscriptionId: "state", userId: ME.oldId, availability: "BACK_SOON" });
    expect(screen.getByRole("button", { name: /Your state: Back soon/ })).toBeTruthy();
  });

  it("says why it did not work", async () => {
    const { user, line } = await renderDesk(<StateSwitch />);
    line.answers.SetAgentState = () => {
      throw new SocketError(403, "You may not go away now.");
    };
    await user.click(screen.getByRole("button", { name: /Your state/ }));
    await user.click(await screen.findByRole("menuitemradio", { name: /Away/ }));
    expect(toastStore.get().at(-1)?.text).toContain("You may not go away now.");
  });
});
