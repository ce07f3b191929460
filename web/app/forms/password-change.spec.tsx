import { screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { renderDesk } from "@/components/testing";
import { sessionGone } from "@/stores/sessionGone";
import { ChangePasswordDialog } from "./password-change";

afterEach(() => void vi.unstubAllGlobals());

async function open(status: number, body: unknown = null) {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(body === null ? null : JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", fetched);
  const close = vi.fn();
  const { user } = await renderDesk(<ChangePasswordDialog onClose={close} />);
  const fill = async (current: string, next: string, repeat: string) => {
    await user.type(screen.getByLabelText(/Current password/), current);
    await user.type(screen.getByLabelText(/^New password/), next);
    await user.type(screen.getByLabelText(/Repeat the new password/), `${repeat}{Enter}`);
  };
  return { fill, fetched, close };
}

describe("changing one's password", () => {
  it("sends both, and closes", async () => {
    const { fill, fetched, close } = await open(204);
    await fill("old one", "a new one", "a new one");
    expect(JSON.parse(fetched.mock.calls[0]?.[1].body as string)).toEqual({ current_password: "old one", new_password: "a new one" });
    expect(close).toHaveBeenCalledTimes(1);
  });
  it("sends nothing while the two differ", async () => {
    const { fill, fetched } = await open(204);
    await fill("old one", "a new one", "a new onn");
    expect(screen.getByText("The two do not match.")).toBeTruthy();
    expect(fetched).not.toHaveBeenCalled();
  });
  it("shows each broken rule at its field, and does not end the session", async () => {
    const { fill, close } = await open(400, { code: "validation_failed", field: "new_password", message: "It needs at least 12 characters.\nIt must not contain the log-in name." });
    await fill("old one", "maya", "maya");
    const field = screen.getByLabelText(/^New password/);
    const problem = document.getElementById(field.getAttribute("aria-describedby") ?? "");
    expect(problem?.textContent).toBe("It needs at least 12 characters.\nIt must not contain the log-in name.");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect([close.mock.calls.length, sessionGone.get()]).toEqual([0, false]);
  });
});
