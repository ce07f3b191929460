import { act, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { ConnectionBar, ConnectionMark } from "./ConnectionBar";
import { renderDesk, settle } from "./testing";

const both = (
  <>
    <ConnectionBar />
    <ConnectionMark />
  </>
);

describe("the state of the line", () => {
  it("is a quiet mark while it is live", async () => {
    await renderDesk(both);
    expect(document.querySelector("[data-connection]")?.getAttribute("data-connection")).toBe("live");
    expect(screen.queryByRole("region", { name: "Connection" })).toBeNull();
  });
  it("counts down to the next attempt, catches up, and is quiet again", async () => {
    const { line, workspace } = await renderDesk(both);
    act(() => workspace.networkLost());
    const bar = screen.getByRole("region", { name: "Connection" });
    expect(bar.textContent).toMatch(/Next attempt in \d seconds?\./);
    expect(bar.textContent).toContain("What you write is kept");
    line.isOpen = true;
    let answer: (body: unknown) => void = () => undefined;
    line.answers.SubscribeRoutingTasks = () => new Promise((resolve) => (answer = resolve));
    await act(async () => {
      line.events?.onOpen();
      await settle();
    });
    expect(bar.textContent).toContain("Catching up");
    await act(async () => {
      answer({ subscriptionId: "rings" });
      line.events?.onNotice({ kind: "conversations", subscriptionId: "mine", changes: [] });
      await settle();
    });
    expect(document.querySelector("[data-connection]")?.getAttribute("data-connection")).toBe("live");
    expect(screen.queryByRole("region", { name: "Connection" })).toBeNull();
  });
  it("has nothing to count when nothing is tried", async () => {
    const { workspace } = await renderDesk(both);
    act(() => workspace.stop());
    expect(screen.getByRole("region", { name: "Connection" }).textContent).not.toContain("Next attempt");
  });
});
