/**
 * What the page's script and the frame say to one another, over one port that only they hold.
 *
 * Nothing of a conversation goes to the page but counts and states, and nothing of the page to the frame but what the page gives.
 */
import type { Theme } from "./config";

/** An engagement attribute: a typed object, as the published protocol has them. */
export interface Attribute {
  type: string;
  [member: string]: unknown;
}

export interface Campaign {
  campaignId: string;
  engagementId: string;
}

export interface Look {
  language?: string | null;
  /** What the page itself is written in. */
  pageLanguage?: string | null;
  theme?: Theme | null;
  color?: string | null;
}

export type ConversationState = "none" | "open" | "closed";

/** From the page to the frame. */
export type ToFrame =
  | { type: "setup"; look: Look; identified: boolean; attributes: Attribute[]; campaign: Campaign | null; open: boolean }
  | { type: "shown"; open: boolean }
  | { type: "look"; look: Look }
  | { type: "attributes"; attributes: Attribute[] }
  | { type: "campaign"; campaign: Campaign | null }
  /** The page's visitor is somebody else from now on: whom the page can identify, or nobody. */
  | { type: "identity"; identified: boolean }
  /** The answer to a question for a token. */
  | { type: "token"; id: number; token: string | null; error?: string };

/** From the frame to the page. */
export type ToPage =
  | { type: "close" }
  | { type: "unread"; count: number }
  | { type: "askToken"; id: number }
  | { type: "conversation"; state: ConversationState }
  | { type: "message" }
  | { type: "action"; name: "custom" | "addToCart"; data: unknown }
  | { type: "error"; code: string; message: string };

/** The frame says this to whoever holds it, once it listens; it tells nothing. */
export const HELLO = "antiphon.widget.hello";
/** The answer, with the port. */
export const PORT = "antiphon.widget.port";
