import { screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/http";
import { renderDesk } from "@/components/testing";
import { SkillDialog } from "./skill-edit";

const skill = { id: "56", name: "Billing", description: "Invoices", enabled: true, waiting: 0 };

describe("a skill's form", () => {
  it("creates one", async () => {
    const createSkill = vi.fn(() => Promise.resolve(skill));
    const close = vi.fn();
    const { user } = await renderDesk(<SkillDialog id={null} onClose={close} />, { api: { createSkill } });
    await user.type(screen.getByLabelText(/Name/), "Billing");
    await user.click(screen.getByRole("button", { name: "Create" }));
    expect(createSkill).toHaveBeenCalledWith({ name: "Billing", description: "" });
    expect(close).toHaveBeenCalledTimes(1);
  });
  it("changes one as it was read, and says so when somebody else was faster", async () => {
    const updateSkill = vi.fn(() => Promise.reject(new ApiError(412, { message: "changed" })));
    const close = vi.fn();
    const { user } = await renderDesk(<SkillDialog id="56" onClose={close} />, { api: { updateSkill, skill: () => Promise.resolve({ data: skill, etag: '"7"' }) } });
    await user.click(screen.getByRole("checkbox", { name: "Enabled" }));
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateSkill).toHaveBeenCalledWith("56", { name: "Billing", description: "Invoices", enabled: false }, '"7"');
    expect((await screen.findByRole("alert")).textContent).toContain("Somebody changed this meanwhile.");
    expect(close).not.toHaveBeenCalled();
  });
  it("shows the problem of a field at the field, once", async () => {
    const createSkill = () => Promise.reject(new ApiError(409, { message: "There is a skill of this name.", field: "name" }));
    const { user } = await renderDesk(<SkillDialog id={null} onClose={() => undefined} />, { api: { createSkill } });
    await user.type(screen.getByLabelText(/Name/), "Billing{Enter}");
    const field = await screen.findByLabelText(/Name/);
    expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe("There is a skill of this name.");
    expect(screen.queryByRole("alert")).toBeNull();
  });
});
