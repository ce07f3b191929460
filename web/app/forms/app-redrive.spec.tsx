import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderDesk, sessionOf } from "@/components/testing";
import { AppRedriveDialog } from "./app-redrive";
import { AppTestDialog } from "./app-test";

const session = sessionOf("manage_sources", "view_channel_log");

describe("an app's notifications", () => {
  it("are sent again, a long range part by part", async () => {
    const redriveApp = vi.fn((_app: string, body: { after?: string }) => Promise.resolve(body.after === undefined ? { queued: 50_000, next: "ntf_1" } : { queued: 7, next: null }));
    const close = vi.fn();
    const { user } = await renderDesk(<AppRedriveDialog id="shop" onClose={close} />, { session, api: { redriveApp } });
    await user.clear(screen.getByLabelText(/^From/));
    await user.type(screen.getByLabelText(/^From/), "2026-01-02T03:04");
    await user.click(screen.getByRole("checkbox", { name: /^Only/ }));
    await user.click(screen.getByRole("button", { name: "Send again" }));
    const range = { from: new Date("2026-01-02T03:04").getTime(), only_dropped: false };
    expect(redriveApp.mock.calls.map((call) => call[1])).toEqual([range, { ...range, after: "ntf_1" }]);
    expect(close).toHaveBeenCalledTimes(1);
  });
  it("are tried, and the answers told", async () => {
    const testApp = vi.fn(() => Promise.resolve({ calls: [{ event_type: "ms.MessagingEventNotification.ContentEvent", endpoint: "https://a.example", delivered: false, status: 500, duration_ms: 12, error: "the app answered 500" }] }));
    const { user } = await renderDesk(<AppTestDialog id="shop" onClose={() => undefined} />, { session, api: { testApp } });
    await user.click(screen.getByRole("button", { name: "Send the test" }));
    expect(testApp).toHaveBeenCalledWith("shop");
    for (const text of ["Messages", "500", "https://a.example", "The app answered 500"]) expect(screen.getByText(text)).toBeDefined();
  });
});
