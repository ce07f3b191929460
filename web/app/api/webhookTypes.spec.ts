import { describe, expect, it } from "vitest";
import { endpointsOf, withEndpoints } from "./webhookTypes";

const CONTENT = "ms.MessagingEventNotification.ContentEvent";
const NOTHING = { text: "", rich: "", receipt: "", typing: "", conversation: "" };

describe("an app's endpoints", () => {
  it("are read in either spelling", () => {
    expect(endpointsOf({ webhooks: { [CONTENT]: { endpoint: "https://a.example" } } })).toEqual({ ...NOTHING, text: "https://a.example" });
    expect(endpointsOf({ capabilities: { webhooks: { [CONTENT]: { endpoint: "https://b.example" } } } })).toEqual({ ...NOTHING, text: "https://b.example" });
    expect(endpointsOf({ webhooks: "nonsense" })).toEqual(NOTHING);
  });
  it("are changed without touching anything else", () => {
    const settings = { retention_time_s: 60, webhooks: { [CONTENT]: { endpoint: "https://a.example", headers: [{ header_name: "Key", header_value: { set: true } }], max_retries: 2 } } };
    expect(withEndpoints(settings, { ...NOTHING, text: " https://c.example " })).toEqual({
      retention_time_s: 60,
      webhooks: { [CONTENT]: { endpoint: "https://c.example", headers: [{ header_name: "Key", header_value: { set: true } }], max_retries: 2 } },
    });
    expect(withEndpoints(settings, NOTHING)).toEqual({ retention_time_s: 60 });
    expect(withEndpoints({}, { ...NOTHING, conversation: "https://d.example" })).toEqual({ webhooks: { "cqm.ExConversationChangeNotification": { endpoint: "https://d.example" } } });
  });
  it("move from the published spelling to ours, so that one holds", () => {
    const settings = { capabilities: { other: 1, webhooks: { [CONTENT]: { endpoint: "https://b.example" }, retry: { retention_time: 60 } } } };
    expect(withEndpoints(settings, { ...NOTHING, text: "https://c.example" })).toEqual({
      capabilities: { other: 1, webhooks: { retry: { retention_time: 60 } } },
      webhooks: { [CONTENT]: { endpoint: "https://c.example" } },
    });
  });
});
