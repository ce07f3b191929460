import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { Template } from "@/api/types";
import { Composer } from "@/components/Composer";
import { renderDesk, settle } from "@/components/testing";
import { conversation } from "@/stores/testing";
import { wordsOf } from "./template-send";

const template = (name: string, more: Partial<Template> = {}): Template => ({
  name,
  language: "en_US",
  category: null,
  state: "approved",
  usable: true,
  text: "Hello {{body.1}}, order {{body.2}} is ready.",
  slots: [
    { name: "body.1", kind: "text", example: "Ann" },
    { name: "body.2", kind: "text", example: null },
  ],
  buttons: ["Thanks"],
  ...more,
});

const closed = conversation("C", { composer: { enabled: false, reason: "The window is closed.", code: "window_closed", windowClosesAt: 1, templates: true } });
const listed = (...items: Template[]) => ({ templates: () => Promise.resolve({ items, next: null }) });

describe("a template", () => {
  it("goes out with its gaps filled, where free text may not", async () => {
    const { user, line } = await renderDesk(<Composer conversation={closed} name="Nora" />, { mine: [closed], api: listed(template("order"), template("paused", { usable: false })) });
    await user.click(screen.getByRole("button", { name: "Send a template" }));
    await settle();
    expect(screen.getByRole("option", { name: "order (en_US)" })).toBeTruthy();
    expect(screen.queryByRole("option", { name: /paused/ })).toBeNull();
    const send = screen.getByRole<HTMLButtonElement>("button", { name: "Send template" });
    expect(send.disabled).toBe(true);
    await user.type(screen.getByLabelText(/body\.1/), "Nora");
    expect(document.querySelector("[data-preview]")?.textContent).toBe("Hello Nora, order {{body.2}} is ready.");
    await user.type(screen.getByLabelText(/body\.2/), " 77 ");
    await user.click(send);
    await settle();
    const asked = line.asked.find((a) => a.type.endsWith("PublishEvent"));
    expect(asked?.body.event).toEqual({ type: "ContentEvent", contentType: "text/plain", message: "Hello Nora, order 77 is ready." });
    expect(asked?.metadata).toEqual([
      { type: "ClientMessageId", id: "m1" },
      { type: "MessageTemplate", name: "order", language: "en_US", values: { "body.1": "Nora", "body.2": "77" } },
    ]);
  });

  it("is offered only where the channel has some", async () => {
    const none = conversation("C", { composer: { ...closed.composer, templates: false } });
    await renderDesk(<Composer conversation={none} name="Nora" />, { mine: [none] });
    expect(screen.queryByRole("button", { name: "Send a template" })).toBeNull();
  });

  it("says so when there is none, or when the vendor does not tell", async () => {
    const { user } = await renderDesk(<Composer conversation={closed} name="Nora" />, { mine: [closed], api: listed() });
    await user.click(screen.getByRole("button", { name: "Send a template" }));
    await settle();
    expect(screen.getByText(/There is no approved template/)).toBeTruthy();
  });

  it("never takes a value for a gap", () => {
    expect(wordsOf(template("x", { text: "{{a}} {{b}}" }), { a: "{{b}}", b: "1" })).toBe("{{b}} 1");
  });
});
