import { screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { renderDesk, sessionOf } from "@/components/testing";
import { SessionCreateForm } from "./session-create";

afterEach(() => void vi.unstubAllGlobals());

const answers = (status: number, body: unknown) => {
  const fetched = vi.fn((_url: string, _init: RequestInit) => Promise.resolve(new Response(JSON.stringify(body), { status })));
  vi.stubGlobal("fetch", fetched);
  return () => JSON.parse(fetched.mock.calls.at(-1)?.[1].body as string) as unknown;
};

describe("signing in", () => {
  it("sends what was typed, and remembers the account for the next time", async () => {
    const sent = answers(200, sessionOf());
    const done = vi.fn();
    const { user } = await renderDesk(<SessionCreateForm onDone={done} />);
    await user.type(screen.getByLabelText(/Account/), " 12 ");
    await user.type(screen.getByLabelText(/Login/), "maya");
    await user.type(screen.getByLabelText(/Password/), "correct-horse{Enter}");
    expect(sent()).toEqual({ account: "12", login: "maya", password: "correct-horse" });
    expect(done).toHaveBeenCalledWith(sessionOf());
    expect(localStorage.getItem("antiphon.account")).toBe("12");
  });
  it("shows the server's sentence and remedy, and keeps what was typed", async () => {
    answers(429, { code: "login_locked", message: "too many failed log-ins", remedy: "wait 30 minutes" });
    const { user } = await renderDesk(<SessionCreateForm onDone={() => undefined} />);
    await user.type(screen.getByLabelText(/Account/), "12");
    await user.type(screen.getByLabelText(/Login/), "maya");
    await user.type(screen.getByLabelText(/Password/), "wrong{Enter}");
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Too many failed log-ins");
    expect(alert.textContent).toContain("Wait 30 minutes");
    expect(screen.getByLabelText<HTMLInputElement>(/Login/).value).toBe("maya");
  });
  it("asks only for the password of a session that ended", async () => {
    const sent = answers(200, sessionOf());
    const { user } = await renderDesk(<SessionCreateForm fixed={{ account: "12", login: "maya" }} onDone={() => undefined} />);
    expect(screen.queryByLabelText(/Account/)).toBeNull();
    await user.type(screen.getByLabelText(/Password/), "correct-horse{Enter}");
    expect(sent()).toEqual({ account: "12", login: "maya", password: "correct-horse" });
  });
});
