/** What a tap does: opens what it names, and tells the dialog. */
import type { Button } from "../../../rich/model";
import type { Shared } from "../ui/context";

export interface About {
  dialog: string;
  sequence: number;
  /** Whether the dialog still takes answers. */
  open: boolean;
}

export function tap(shared: Shared, about: About, button: Button): void {
  let text: string | null = null;
  for (const action of button.actions) {
    if (action.type === "publishText") text = text === null ? action.text : `${text}\n${action.text}`;
    else if (action.type === "link") openLink(action.href);
    else shared.act(action.type, action.data);
  }
  if (about.open || text !== null) shared.visit.answer({ dialog: about.dialog, sequence: about.sequence }, button.metadata, text);
}

function openLink(href: string): void {
  const link = document.createElement("a");
  link.href = href;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.click();
}
