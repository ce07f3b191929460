import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderDesk } from "@/components/testing";
import { ConsentForm } from "./consent-record";

const consents = () => Promise.resolve({ items: [{ id: "1", kind: "opt_out", how: "keyword", keyword: "STOP", proof: null, by: null, at: 1_700_000_000_000 }], next: null });

describe("recording consent", () => {
  it("tells what is on record, and takes consent of who opted out only with its proof", async () => {
    const recordConsent = vi.fn(() => Promise.resolve({}));
    const { user } = await renderDesk(<ConsentForm consumerId="cons-1" optedOut />, { api: { consents, recordConsent } });
    expect((await screen.findByRole("listitem")).textContent).toContain("Opted out by keyword STOP");
    await user.click(screen.getByRole("button", { name: "Record consent" }));
    await user.click(screen.getByRole("button", { name: "Opted in" }));
    expect(recordConsent).not.toHaveBeenCalled();
    await user.type(screen.getByLabelText(/Proof/), "Signed form of 3 March");
    await user.click(screen.getByRole("button", { name: "Opted in" }));
    expect(recordConsent).toHaveBeenCalledWith("cons-1", { kind: "opt_in", proof: "Signed form of 3 March" });
  });
  it("takes the opposite of who has not", async () => {
    const recordConsent = vi.fn(() => Promise.resolve({}));
    const { user } = await renderDesk(<ConsentForm consumerId="cons-1" optedOut={false} />, { api: { consents, recordConsent } });
    await user.click(screen.getByRole("button", { name: "Record consent" }));
    await user.type(screen.getByLabelText(/Proof/), "Said so on the phone");
    await user.click(screen.getByRole("button", { name: "Opted out" }));
    expect(recordConsent).toHaveBeenCalledWith("cons-1", { kind: "opt_out", proof: "Said so on the phone" });
  });
});
