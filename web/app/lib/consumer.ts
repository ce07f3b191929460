/** What a consumer is called where agents work. */
import { t } from "@/i18n";

interface Named {
  id: string;
  name: string | null;
  address: string;
}

/** Their address in the channel; empty where it is only our own id of somebody who has none. */
export const addressOf = ({ id, address }: Pick<Named, "id" | "address">): string => (address === id ? "" : address);

/** Their name, else their address; a visitor without either has a short number, always the same one. */
export function consumerName(consumer: Named): string {
  const known = consumer.name || addressOf(consumer);
  if (known) return known;
  if (!consumer.address) return t("conv.unknown");
  return t("conv.visitor", { number: String(parseInt(consumer.id.replace(/\W/g, "").slice(0, 6), 16) % 10_000).padStart(4, "0") });
}
