/**
 * What the consumer's page or program told beside what they wrote: vouched for by the brand, or only said. Shown as text; that
 * anybody can say it is said too.
 */
import { useQuery } from "@tanstack/react-query";
import type { Visit } from "@/api/types";
import { t, type MessageKey } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { attributesOf, toldOf, type Told } from "@/lib/visit";
import { useDesk } from "@/stores/context";
import { ErrorNote } from "@/ui/Feedback";
import { Block, Fact, Facts } from "./Facts";

const TITLES: Record<string, MessageKey> = {
  cart: "visit.cart",
  ctmrinfo: "visit.ctmrinfo",
  personal: "visit.personal",
  prodView: "visit.prodView",
  purchase: "visit.purchase",
  lead: "visit.lead",
  service: "visit.service",
  error: "visit.error",
  searchInfo: "visit.searchInfo",
  mrktInfo: "visit.mrktInfo",
  campaign: "visit.campaign",
  context: "visit.context",
  client: "visit.client",
};

function List({ all }: { all: readonly Told[] }) {
  return (
    <div className="flex flex-col gap-3">
      {all.map((told, at) => {
        const title = TITLES[told.type];
        return (
          <div key={at}>
            <h3 className="mb-1 text-xs font-medium text-text-2">{title ? t(title) : <bdi>{told.type}</bdi>}</h3>
            <Facts>
              {told.rows.map((row, which) => (
                <Fact key={which} name={<bdi>{row.name}</bdi>}>
                  <bdi>{row.value}</bdi>
                </Fact>
              ))}
            </Facts>
            {told.more > 0 && <p className="mt-1 text-xs text-text-3">{t("visit.more", { n: told.more })}</p>}
          </div>
        );
      })}
    </div>
  );
}

const some = (...all: (Told | null)[]): Told[] => all.filter((told) => told !== null);

function contactsOf(visit: Visit): Told | null {
  const { first_name, last_name, email, phone, external_id } = visit.contact;
  return toldOf({ name: [first_name, last_name].filter(Boolean).join(" "), email, phone, "customer id": external_id }, "personal");
}

export function VisitBlocks({ id }: { id: string }) {
  const { queries } = useDesk();
  const { data, isError, error } = useQuery(queries.visit(id));
  if (isError) return <Block title={t("visit.title")}><ErrorNote remedy={problemOf(error)}>{t("visit.loadError")}</ErrorNote></Block>;
  if (!data) return null;
  const vouched = attributesOf(data.vouched?.attributes);
  const said = [
    ...some(contactsOf(data)),
    ...attributesOf(data.told),
    ...some(toldOf(data.campaign, "campaign"), toldOf(data.context, "context"), toldOf(data.client, "client")),
  ];
  return (
    <>
      {data.vouched && (
        <Block title={t("visit.vouched")}>
          <p className="mb-2 text-xs text-text-3">{t("visit.vouchedBy", { issuer: data.vouched.issuer })}</p>
          <List all={vouched} />
        </Block>
      )}
      {said.length > 0 && (
        <Block title={t("visit.title")}>
          <p className="mb-2 text-xs text-text-3">{t("visit.hint")}</p>
          <List all={said} />
        </Block>
      )}
    </>
  );
}
