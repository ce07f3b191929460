/**
 * The shapes of the admin API v1, in one place.
 *
 * Written by hand until the server's OpenAPI description exists; then each type here becomes an alias of
 * the generated schema. Nothing else in the workspace declares a shape of the API.
 */

/** UTC milliseconds. */
export type Millis = number;

/** A page of a keyset-paged list; `next` goes into `after` of the next request. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Body of every error answer. */
export interface ErrorBody {
  code: string;
  message: string;
  field?: string | null;
  remedy?: string | null;
  request_id?: string;
}

export type Privilege =
  | "handle_conversations"
  | "view_all_conversations"
  | "join_conversations"
  | "view_agents"
  | "manage_users"
  | "manage_skills"
  | "manage_sources"
  | "manage_settings"
  | "view_channel_log"
  | "manage_consents"
  | "view_audit";

export type UserKind = "human" | "bot";

export interface Session {
  account: { id: string; name: string; timezone: string; default_skill_id: string | null };
  user: {
    id: string;
    pid: string;
    login: string;
    nickname: string;
    full_name: string;
    kind: UserKind;
    profile: string;
    skill_ids: string[];
    max_conversations: number;
  };
  /** Known ones are of type `Privilege`; a newer server may send more. */
  privileges: string[];
  csrf: string;
  expires_at: Millis;
  demo: boolean;
}

export interface User {
  id: string;
  pid: string;
  login: string;
  nickname: string;
  full_name: string;
  email: string | null;
  kind: UserKind;
  profile: string;
  skill_ids: string[];
  max_conversations: number;
  enabled: boolean;
  locked_until: Millis | null;
  created_at: Millis;
  updated_at: Millis;
}

export interface Profile {
  id: string;
  name: string;
  builtin: boolean;
  privileges: string[];
}

export type Availability = "ONLINE" | "OCCUPIED" | "BACK_SOON" | "AWAY" | "OFFLINE";

export interface AgentStatus {
  user_id: string;
  nickname: string;
  availability: Availability;
  open: number;
  ringing: number;
  max_conversations: number;
  skill_ids: string[];
}

export interface Skill {
  id: string;
  name: string;
  description: string | null;
  enabled: boolean;
  waiting: number;
  created_at: Millis;
  updated_at: Millis;
}

export type HealthState = "ok" | "needs_reauthorisation" | "failing" | "unknown";

export interface SourceHealth {
  state: HealthState;
  message: string | null;
  since: Millis | null;
}

/** A credential is either public text or a mark that a secret is set. */
export type CredentialValue = string | { set: boolean } | null;

export interface Source {
  id: string;
  channel: string;
  name: string;
  address: string;
  skill_id: string | null;
  app_id: string | null;
  enabled: boolean;
  api_base_url: string | null;
  settings: Record<string, unknown>;
  credentials: Record<string, CredentialValue>;
  health: SourceHealth;
  webhook_url: string;
}

export interface ChannelApp {
  id: string;
  channel: string;
  name: string;
  credentials: Record<string, CredentialValue>;
}

export interface CredentialField {
  name: string;
  label: string;
  secret: boolean;
  required: boolean;
}

export interface Channel {
  id: string;
  name: string;
  credentials_schema: CredentialField[];
  settings_schema?: unknown;
  capabilities: {
    text: { max: number; unit: string; segments: boolean };
    media: { types: string[]; max_bytes: number; max_count: number } | null;
    typing_out: boolean;
    seen_out: boolean;
    delivered: boolean;
    read: boolean;
    typing_in: boolean;
    window_hours: number | null;
  };
}

export interface ConversationSummary {
  id: string;
  state: string;
  source_id: string;
  channel: string;
  skill_id: string | null;
  consumer: { id: string; name: string | null; address: string };
  assigned_agent: string | null;
  participants: { id: string; role: string }[];
  started_at: Millis;
  ended_at: Millis | null;
  close_reason: string | null;
  updated_at: Millis;
  waiting_since: Millis | null;
  last_message: { sequence: number; text: string; originator_role: string; at: Millis } | null;
  unread: number;
  version: number;
}

export type DeliveryStatus = "queued" | "sent" | "delivered" | "read" | "failed" | "unknown" | "cancelled";

/** What became of a message of ours at the channel; the form carried by messages and notifications. */
export interface MessageDelivery {
  id: string;
  status: DeliveryStatus;
  parts: number;
  code: string | null;
  vendor_code: string | null;
  message: string | null;
  remedy: string | null;
}

export interface Delivery {
  id: string;
  conversation_id: string;
  dialog_id: string;
  sequence: number;
  part: number;
  parts: number;
  source_id: string;
  status: DeliveryStatus;
  attempts: number;
  next_attempt_at: Millis | null;
  vendor_id: string | null;
  code: string | null;
  vendor_code: string | null;
  message: string | null;
  remedy: string | null;
  created_at: Millis;
  updated_at: Millis;
}

/** A stored message as the admin API lists it; `event` has the form of the socket. */
export interface Message {
  dialog_id: string;
  sequence: number;
  originator_id: string;
  originator_role: string;
  at: Millis;
  vendor_at: Millis | null;
  audience: "ALL" | "AGENTS_AND_MANAGERS";
  event: unknown;
  metadata: unknown;
  delivery: MessageDelivery | null;
}

export interface ConversationChange {
  version: number;
  at: Millis;
  kind: string;
  by: string | null;
  detail: Record<string, unknown>;
}

export interface Consumer {
  id: string;
  source_id: string;
  channel: string;
  address: string;
  name: string | null;
  avatar_url: string | null;
  profile: Record<string, unknown>;
  opted_out: boolean;
  created_at: Millis;
  conversations: number;
}

export interface Consent {
  id: string;
  kind: "opt_in" | "opt_out";
  how: "keyword" | "vendor" | "administrator";
  keyword: string | null;
  proof: string | null;
  by: string | null;
  at: Millis;
}

export interface DeadLetter {
  id: string;
  channel: string;
  source_id: string | null;
  received_at: Millis;
  reason_code: string;
  reason: string;
  remedy: string | null;
  body?: string | null;
  redriven_at: Millis | null;
}

export interface ChannelLogEntry {
  id: string;
  at: Millis;
  source_id: string;
  direction: "in" | "out";
  method: string;
  url: string;
  status: number | null;
  duration_ms: number;
  request: unknown;
  response: unknown;
  error: string | null;
  conversation_id: string | null;
}
