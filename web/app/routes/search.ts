/** What the address of the conversations page says besides its path. */

/** Which conversations are listed. */
export type ListTab = "mine" | "all" | "closed";

export interface ListSearch {
  /** Search for a name or number. */
  q?: string;
  filter?: "queue" | "waiting";
  /** On narrow screens: the consumer instead of the transcript. */
  pane?: "consumer";
  /** An earlier conversation read beside the transcript. */
  beside?: string;
}
