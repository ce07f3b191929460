/**
 * The shapes of the admin API v1 under the names the workspace uses: aliases of the generated schema.
 *
 * `schema.d.ts` is made by `npm run generate` from the server's own OpenAPI description. Nothing else in the
 * workspace declares a shape of the API.
 */
import type { components } from "./schema";

type Schemas = components["schemas"];

/** UTC milliseconds. */
export type Millis = number;

/** A page of a keyset-paged list; `next` goes into `after` of the next request. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** Body of every error answer. */
export type ErrorBody = Schemas["ErrorBody"];

/** The privileges the workspace asks about; the server may know more. */
export type Privilege =
  | "handle_conversations"
  | "view_all_conversations"
  | "join_conversations"
  | "view_agents"
  | "transfer_to_agents"
  | "manage_users"
  | "manage_skills"
  | "manage_sources"
  | "manage_settings"
  | "view_channel_log"
  | "manage_consents"
  | "view_audit"
  | "manage_api_keys";

export type Session = Omit<Schemas["Session"], "bearer">;
/** What inactivity will do to a browser's session. */
export type IdleLogOut = Schemas["IdleLogOut"];
export type User = Schemas["User"];
export type UserKind = Schemas["UserKind"];
export type Profile = Schemas["Profile"];
export type Availability = Schemas["AgentState"];
/** A user's id and name: all that a transcript needs of them. */
export type Colleague = Schemas["Colleague"];
export type Skill = Schemas["Skill"];
export type HealthState = Schemas["SourceState"];
export type SourceHealth = Schemas["SourceHealth"];
export type Source = Schemas["Source"];
export type Template = Schemas["Template"];
/** A credential is either public text or a mark that a secret is set. */
export type CredentialValue = Source["credentials"][string];
export type ChannelApp = Schemas["ChannelApp"];
export type CredentialField = Schemas["FormField"];
export type Channel = Schemas["Channel"];
/** An outside program. */
export type InstalledApp = Schemas["InstalledApp"];
/** What an outside program was told, or is to be told. */
export type AppNotification = Schemas["AppNotification"];
export type AppNotificationCall = Schemas["AppNotificationCall"];
export type NotificationState = Schemas["NotificationState"];
export type AppState = Schemas["AppState"];
export type AppTested = Schemas["AppTested"];
export type AppRedriven = Schemas["AppRedriven"];
export type Settings = Schemas["Settings"];
/** A key of the admin API, without its secret. */
export type ApiKey = Schemas["ApiKey"];
export type MadeApiKey = Schemas["MadeApiKey"];
export type Scope = Schemas["ApiKeyScope"];
/** What the consumer's page told. */
export type Visit = Schemas["Visit"];
export type ConversationSummary = Schemas["ConversationSummary"];
export type DeliveryStatus = Schemas["DeliveryStatus"];
/** What became of a message of ours at the channel; the form carried by messages and notifications. */
export type MessageDelivery = Schemas["MessageDelivery"];
export type Delivery = Schemas["Delivery"];
/** A stored message as the admin API lists it; `event` has the form of the socket. */
export type Message = Schemas["Message"];
export type ConversationChange = Schemas["ConversationChange"];
export type Consumer = Schemas["Consumer"];
export type Consent = Schemas["Consent"];
export type DeadLetter = Schemas["DeadLetter"];
export type ChannelLogEntry = Schemas["ChannelLogEntry"];
