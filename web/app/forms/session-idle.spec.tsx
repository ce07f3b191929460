import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderDesk } from "@/components/testing";
import { IdleWatch } from "@/stores/idle";
import { IdleWarning } from "./session-idle";

describe("the warning before the idle log-out", () => {
  let report: () => Promise<{ after_ms: number; left_ms: number }>;
  let warn: () => void;
  let watch: IdleWatch;
  beforeEach(() => {
    report = vi.fn(() => Promise.resolve({ after_ms: 900_000, left_ms: 900_000 }));
    const timers: (() => void)[] = [];
    watch = new IdleWatch({ now: () => Date.now(), setTimer: (run) => timers.push(run), clearTimer: () => undefined, report: () => report(), ask: () => Promise.resolve(null), share: () => undefined });
    warn = () => {
      watch.start({ after_ms: 900_000, left_ms: 42_000 });
      timers.at(-1)?.();
    };
  });
  afterEach(() => void vi.unstubAllGlobals());
  const open = () => renderDesk(<IdleWarning />, { idle: watch });

  it("is not there while somebody is", async () => {
    await open();
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  it("counts down, and goes by one press", async () => {
    const { user } = await open();
    act(warn);
    expect(screen.getByRole("timer").textContent).toContain("You will be signed out in 42 seconds");
    await user.click(screen.getByRole("button", { name: "Stay signed in" }));
    expect(report).toHaveBeenCalledTimes(1);
    expect(screen.queryByRole("dialog")).toBeNull();
  });
  it("signs out at once who wants to", async () => {
    const fetched = vi.fn(() => Promise.resolve(new Response(null, { status: 204 })));
    vi.stubGlobal("fetch", fetched);
    const { user, client } = await open();
    act(warn);
    await user.click(screen.getByRole("button", { name: "Sign out" }));
    expect(fetched).toHaveBeenCalledWith("/api/v1/session", expect.objectContaining({ method: "DELETE" }));
    expect(client.getQueryData(["session"])).toBeNull();
  });
});
