import { act, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { preferences } from "@/stores/preferences";
import { toastStore } from "@/stores/toasts";
import { UserMenu } from "./UserMenu";
import { renderDesk, sessionOf, settle } from "./testing";

afterEach(() => {
  vi.unstubAllGlobals();
  preferences.set({ theme: "auto", notifications: false });
});

const menu = <UserMenu adminPages={[{ to: "/admin/users", icon: "users", label: "nav.users", needs: "manage_users" }]} onPassword={() => undefined} onShortcuts={() => undefined} />;

async function open(status = 204) {
  vi.stubGlobal("fetch", vi.fn(() => Promise.resolve(new Response(status === 204 ? null : "{}", { status }))));
  const view = await renderDesk(menu, { session: sessionOf("manage_users") });
  view.desk.attachments.add("C", new File(["x"], "map.png"), () => Promise.resolve("/files/1"), String);
  await act(settle);
  await view.user.click(screen.getByRole("button", { name: "Your account" }));
  return view;
}

describe("the user's own menu", () => {
  it("says who is signed in, and to which account", async () => {
    await open();
    expect(screen.getByRole("menu").textContent).toContain("Maya Lindqvist");
    expect(screen.getByRole("menu").textContent).toContain("maya · Acme");
  });
  it("signs out: what was read is forgotten, and no chosen file stays in the browser", async () => {
    const { user, client, shelf } = await open();
    client.setQueryData(["conversations", {}], "read");
    expect(shelf.size).toBe(1);
    await user.click(screen.getByRole("menuitem", { name: "Sign out" }));
    await act(settle);
    expect([client.getQueryData(["session"]), client.getQueryData(["conversations", {}]), shelf.size]).toEqual([null, undefined, 0]);
  });
  it("stays signed in when the server could not be told", async () => {
    const { user, client, shelf } = await open(503);
    await user.click(screen.getByRole("menuitem", { name: "Sign out" }));
    await act(settle);
    expect(client.getQueryData(["session"])).not.toBeNull();
    expect(shelf.size).toBe(1);
    expect(toastStore.get().at(-1)?.tone).toBe("danger");
  });
  it("changes the appearance, and asks the browser before notifications", async () => {
    const { user } = await open();
    vi.stubGlobal("Notification", { permission: "default", requestPermission: () => Promise.resolve("denied") });
    await user.click(screen.getByRole("menuitemcheckbox", { name: "Desktop notifications" }));
    expect(preferences.get().notifications).toBe(false);
    expect(toastStore.get().at(-1)?.text).toContain("The browser blocks notifications");
    await user.click(screen.getByRole("menuitemradio", { name: "Dark" }));
    expect(document.documentElement.dataset.theme).toBe("dark");
  });
});
