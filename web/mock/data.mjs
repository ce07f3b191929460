/** Sample data of the mock backend: accounts, people, conversations. Plain values, always the same. */

export const ACCOUNT = "12345678";
export const PASSWORD = "demo-Password-1";

const MIN = 60_000;
const HOUR = 60 * MIN;
const DAY = 24 * HOUR;

export const skills = [
  { id: "101", name: "General", description: "Everything that has no better place", enabled: true, waiting: 2 },
  { id: "102", name: "Billing", description: "Invoices, refunds and payments", enabled: true, waiting: 5 },
  { id: "103", name: "Technical support", description: "Devices and connections", enabled: true, waiting: 0 },
  { id: "104", name: "الدعم", description: "الدعم باللغة العربية", enabled: true, waiting: 1 },
  { id: "105", name: "Old campaign", description: "", enabled: false, waiting: 0 },
];

const AGENT = ["handle_conversations", "transfer_to_agents"];
const MANAGER = [...AGENT, "view_all_conversations", "join_conversations", "view_agents"];
const ADMIN = [...MANAGER, "manage_users", "manage_skills", "manage_sources", "manage_settings", "view_channel_log", "manage_consents", "view_audit"];
export const profiles = [
  { id: "agent", name: "Agent", builtin: true, privileges: AGENT },
  { id: "agent_manager", name: "Agent manager", builtin: true, privileges: MANAGER },
  { id: "administrator", name: "Administrator", builtin: true, privileges: ADMIN },
];

const user = (id, login, nickname, full_name, profile, extra = {}) => ({
  id,
  pid: `00000000-0000-5000-8000-${id.padStart(12, "0")}`,
  login,
  nickname,
  full_name,
  email: `${login}@example.com`,
  kind: "human",
  profile,
  skill_ids: ["101", "102"],
  max_conversations: 10,
  enabled: true,
  locked_until: null,
  ...extra,
});
export const users = [
  user("77", "agent1", "Maya", "Maya Lindqvist", "agent"),
  user("78", "agent2", "Tomás", "Tomás Ferreira", "agent", { skill_ids: ["103"], max_conversations: 6 }),
  user("79", "manager1", "Ines", "Ines Baumgartner", "agent_manager"),
  user("80", "admin", "Alex", "Alex Okafor", "administrator"),
  user("81", "greeter", "Greeter", "Greeting bot", "agent", { kind: "bot", max_conversations: 100 }),
  user("82", "agent3", "Yusuf", "Yusuf Demir", "agent", { locked_until: Date.now() + 20 * MIN }),
];

const text = { max: 1600, unit: "gsm", segments: true };
export const channels = [
  {
    id: "sms_gateway",
    name: "SMS",
    address_label: "As the channel names it.",
    app_credentials_schema: [],
    settings_schema: [{ name: "text_limit", label: "Longest text", secret: false, required: false, default: "1600", choices: [], help: "Longer texts are split." }, { name: "theme", label: "Light or dark", secret: false, required: false, default: "auto", choices: ["auto", "light", "dark"], help: "As the reader’s system says." }],
    credentials_schema: [
      { name: "account_sid", label: "Account SID", secret: false, required: true, default: null, help: "" },
      { name: "auth_token", label: "Auth token", secret: true, required: true, default: null, help: "" },
    ],
    capabilities: { text, media: { types: ["image/*", "application/pdf"], max_bytes: 5_000_000, max_count: 10 }, typing_out: false, seen_out: false, delivered: true, read: false, typing_in: false, window_hours: null },
  },
  {
    id: "page_messenger",
    name: "Messenger",
    address_label: "As the channel names it.",
    app_credentials_schema: [],
    settings_schema: [{ name: "text_limit", label: "Longest text", secret: false, required: false, default: "1600", choices: [], help: "Longer texts are split." }],
    credentials_schema: [
      { name: "page_access_token", label: "Page access token", secret: true, required: true, default: null, help: "" },
      { name: "app_secret", label: "App secret", secret: true, required: false, default: null, help: "" },
    ],
    capabilities: { text: { max: 2000, unit: "codepoint", segments: false }, media: { types: ["*/*"], max_bytes: 25_000_000, max_count: 1 }, typing_out: true, seen_out: true, delivered: true, read: true, typing_in: true, window_hours: 24 },
  },
];

const origin = "https://chat.example.com";
export const sources = [
  { id: "src_01", channel: "sms_gateway", name: "Support line", address: "+15005550006", skill_id: "101", app_id: null, enabled: true, api_base_url: null, settings: {}, credentials: { account_sid: "AC0123456789", auth_token: { set: true } }, health: { state: "ok", message: null, since: null }, webhook_url: `${origin}/webhooks/sms_gateway/%2B15005550006` },
  { id: "src_02", channel: "page_messenger", name: "Acme page", address: "104857600", skill_id: "102", app_id: null, enabled: true, api_base_url: null, settings: {}, credentials: { page_access_token: { set: true }, app_secret: { set: false } }, health: { state: "needs_reauthorisation", message: "The channel no longer accepts the token of this page.", since: Date.now() - 40 * MIN }, webhook_url: `${origin}/webhooks/page_messenger/104857600` },
  { id: "src_03", channel: "sms_gateway", name: "Night line", address: "+15005550009", skill_id: null, app_id: null, enabled: false, api_base_url: "http://127.0.0.1:9999", settings: {}, credentials: { account_sid: "AC999", auth_token: { set: true } }, health: { state: "unknown", message: null, since: null }, webhook_url: `${origin}/webhooks/sms_gateway/%2B15005550009` },
];

const uuid = (n) => `0193a000-0000-7000-8000-${String(n).padStart(12, "0")}`;

/** Long, with emoji and two writing directions: what a transcript must be able to show. */
const LONG = "I have been a customer for eleven years and this is the first time that anything went wrong. ".repeat(56).slice(0, 5000);

const C = (n, name, address, channel, skill, script, extra = {}) => ({ n, id: uuid(n), name, address, channel, skill, script, ...extra });
const scripts = [
  C(1, "Nora Petersen", "+4915112345678", "sms_gateway", "101", [
    ["c", "Hi, my parcel was due on Tuesday and it still is not here 📦"],
    ["a", "Hello Nora, I am sorry to hear that. Could you send me the order number?"],
    ["c", "Sure: 4471-A. The tracking page is https://example.com/track?id=4471-A (it has said “in transit” for days)."],
    ["note", "Carrier lost a whole truck on Monday, see the internal note. Offer a replacement."],
    ["a", "Thank you. The carrier has delays in your area. I can send a replacement today, free of charge. Would that help?"],
    ["c", "That would be wonderful"],
    ["c", "❤️"],
    ["photo", "The card they left"],
    ["c", "When would it arrive?"],
  ], { mine: true, waiting: 4 * MIN, unread: 3 }),
  C(2, "عمر الخطيب", "+962791234567", "page_messenger", "104", [
    ["c", "مرحبا، هل يمكنني تغيير عنوان التوصيل؟ رقم الطلب هو 2291"],
    ["a", "أهلاً عمر، بالطبع. ما هو العنوان الجديد؟"],
    ["c", "شارع الملكة رانيا 14، عمّان. Building B, apt 3"],
  ], { mine: true, waiting: 11 * MIN, unread: 1 }),
  C(3, "Jonas Weber", "+4917098765432", "sms_gateway", "102", [
    ["c", "Please send me the invoice for October"],
    ["a", "Here you are."],
    ["file", ""],
    ["a-failed", "Is there anything else I can do for you?"],
  ], { mine: true }),
  C(4, null, "+15005551234", "sms_gateway", "101", [
    ["c", "Is the shop open on Sunday?"],
    ["a", "Good morning! Yes, from 10 to 16."],
    ["c", "STOP"],
  ], { mine: true, optedOut: true, unread: 1 }),
  C(5, "Priya Raman", "24518837", "page_messenger", "103", [
    ["c", LONG],
    ["a", "Thank you for writing it all down. I am reading it now."],
  ], { mine: true }),
  C(6, "陈美玲", "998877", "page_messenger", "101", [["c", "你好，请问有货吗？"]], { waiting: 42 * MIN }),
  C(7, "Oliver Grant", "+447700900123", "sms_gateway", "103", [
    ["c", "Router keeps dropping the connection every ten minutes"],
    ["other", "Hi Oliver, Tomás here. Let us look at the logs together."],
    ["c", "Great, what do you need?"],
  ], { agent: "78", waiting: 90_000 }),
];

const FIRST = ["Ada", "Ben", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hugo", "Ida", "João", "Kofi", "Lena"];
const LAST = ["Nowak", "Silva", "Okoye", "Haddad", "Moreau", "Jensen", "Rossi", "Kaya"];
for (let i = 0; i < 240; i += 1) {
  scripts.push(
    C(100 + i, `${FIRST[i % FIRST.length]} ${LAST[i % LAST.length]}`, `+4930${String(5_550_000 + i)}`, i % 3 ? "sms_gateway" : "page_messenger", skills[i % 4].id, [["c", `Question number ${i}: when does my contract end?`]], {
      agent: i % 4 === 0 ? null : "78",
      waiting: i % 5 === 0 ? (i + 1) * 37_000 : null,
    }),
  );
}
// A long one, to page through.
const many = [];
for (let i = 0; i < 460; i += 1) many.push([i % 2 ? "a" : "c", `Line ${i} of a long talk about very little`]);
scripts.push(C(8, "Long Talker", "+33612345678", "sms_gateway", "101", many, { mine: true }));

export { scripts, uuid, MIN, HOUR, DAY };
