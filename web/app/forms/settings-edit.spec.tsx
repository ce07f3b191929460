import { screen, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/http";
import type { Settings } from "@/api/types";
import { renderDesk, sessionOf } from "@/components/testing";
import { SettingsForm } from "./settings-edit";

const settings: Settings = {
  name: "Acme", timezone: "UTC", default_skill_id: "55", allow_private_endpoints: ["10.0.0.0/8"], auto_accept: false, ring_expiration_s: 72, offline_after_s: 60, return_to_queue_after_s: 900, response_time_s: 3_600,
  urgent_response_time_s: 300, prioritized_response_time_s: 600, default_response_time: "NORMAL", suggestion_s: 7_200, survey_app: "gone", survey_idle_s: 604_800, auto_close_s: 604_800, idle_logout_s: 900,
  notification_signature: "sha1_base64", channel_log_days: 14, max_sockets: 20_000, file_sharing: true, consumer_file_kib: 3_072, agent_file_kib: 25_600,
  consumer_language: "en", image_hosts: ["cdn.acme.test"],
};
const session = sessionOf("manage_settings", "manage_sources");
const apps = () => Promise.resolve({ items: [{ client_id: "survey-bot", name: "Survey bot" }], next: null });

describe("the account's settings", () => {
  it("show times and sizes in the unit that suits them, and send only what was changed", async () => {
    const updateSettings = vi.fn(() => Promise.resolve(settings));
    const { user } = await renderDesk(<SettingsForm settings={settings} etag={'"7"'} />, { session, api: { updateSettings, apps } });
    const field = (label: RegExp | string) => screen.getByLabelText<HTMLInputElement>(label);
    expect([field(/^An answered conversation/).value, field("Unit of: An answered conversation is closed after").value]).toEqual(["7", "days"]);
    expect([field(/^A consumer’s file/).value, field("Unit of: A consumer’s file may have").value]).toEqual(["3", "MiB"]);
    await user.clear(field(/^A consumer’s file/));
    await user.type(field(/^A consumer’s file/), "1.5");
    await user.selectOptions(field("Unit of: An answered conversation is closed after"), "hours");
    await user.click(screen.getByRole("checkbox", { name: /^Files may be sent/ }));
    await user.selectOptions(field(/^Survey by/), "survey-bot");
    await user.selectOptions(field(/^Default skill/), "");
    await user.selectOptions(field(/^Signature/), "sha256_hex");
    await user.type(field(/^Private networks/), "\n::1");
    await user.selectOptions(field(/^Language of what/), "de");
    await user.type(field(/^Hosts of pictures/), "\npics.acme.test");
    await user.click(screen.getByRole("button", { name: "Save" }));
    expect(updateSettings).toHaveBeenCalledWith({ consumer_file_kib: 1_536, auto_close_s: 25_200, file_sharing: false, survey_app: "survey-bot", default_skill_id: null, notification_signature: "sha256_hex", allow_private_endpoints: ["10.0.0.0/8", "::1"], consumer_language: "de", image_hosts: ["cdn.acme.test", "pics.acme.test"] }, '"7"');
  });
  it("keep an app that asks though it is not in the list", async () => {
    await renderDesk(<SettingsForm settings={settings} etag={null} />, { session, api: { apps } });
    expect(within(screen.getByLabelText(/^Survey by/)).getAllByRole("option").map((o) => o.textContent)).toEqual(["Nobody", "Survey bot", "gone"]);
  });
  it("say at the field what is wrong with it", async () => {
    const updateSettings = () => Promise.reject(new ApiError(400, { message: "must be between 1500 and 7776000, is 60", field: "auto_close_s" }));
    const { user } = await renderDesk(<SettingsForm settings={settings} etag={null} />, { session, api: { updateSettings, apps } });
    await user.click(screen.getByRole("button", { name: "Save" }));
    const problem = await screen.findByText(/^Must be between 1500/);
    expect(screen.getByLabelText(/^An answered conversation/).getAttribute("aria-describedby")).toContain(problem.id);
  });
});
