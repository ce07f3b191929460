/** Choosing a template that the vendor approved, filling its gaps, and seeing what the consumer gets before it goes out. */
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { Template } from "@/api/types";
import type { Conversation } from "@/api/wire";
import { t } from "@/i18n";
import { problemOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/Feedback";
import { Select, TextField } from "@/ui/Field";
import { Spinner } from "@/ui/Spinner";

const keyOf = (template: Template) => `${template.name} ${template.language}`;

/** What a template says, its gaps filled; a gap without a value shows its name. All at once, so that a value is never taken for a gap. */
export function wordsOf(template: Template, values: Readonly<Record<string, string>>): string {
  return template.text.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (gap, name: string) => values[name]?.trim() || gap);
}

export function TemplateSend({ conversation: c, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { queries, workspace } = useDesk();
  const listed = useQuery(queries.templates(c.sourceId));
  const [chosen, setChosen] = useState("");
  const [values, setValues] = useState<Record<string, string>>({});
  const formId = useId();
  const usable = (listed.data?.items ?? []).filter((x) => x.usable);
  const template = usable.find((x) => keyOf(x) === chosen) ?? usable[0];
  const filled = template?.slots.every((slot) => (values[slot.name] ?? "").trim() !== "") ?? false;

  const send = () => {
    if (!template || !filled) return;
    const given = Object.fromEntries(template.slots.map((slot) => [slot.name, (values[slot.name] ?? "").trim()]));
    workspace.sendTemplate(c, wordsOf(template, given), { name: template.name, language: template.language, values: given });
    onClose();
  };

  return (
    <Dialog
      title={t("template.choose")}
      closeLabel={t("action.close")}
      onClose={onClose}
      footer={
        <>
          <Button look="quiet" onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" form={formId} look="primary" icon="send" disabled={!filled}>{t("template.send")}</Button>
        </>
      }
    >
      <form
        id={formId}
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          send();
        }}
      >
        <p className="text-sm text-text-2">{t("template.hint")}</p>
        {listed.isPending && <Spinner />}
        {listed.isError && <ErrorNote>{problemOf(listed.error)}</ErrorNote>}
        {listed.isSuccess && !template && <p className="text-sm">{t("template.none")}</p>}
        {template && (
          <>
            <Select
              label={t("template.which")}
              value={keyOf(template)}
              options={usable.map((x) => ({ value: keyOf(x), label: `${x.name} (${x.language})` }))}
              onChange={(e) => {
                setChosen(e.target.value);
                setValues({});
              }}
            />
            {template.slots.map((slot) => (
              <TextField
                key={slot.name}
                label={t("template.gap", { name: slot.name })}
                required
                dir="auto"
                type={slot.kind === "text" ? "text" : "url"}
                hint={slot.kind !== "text" ? t("template.address") : slot.example ? t("template.example", { example: slot.example }) : undefined}
                value={values[slot.name] ?? ""}
                onChange={(e) => setValues({ ...values, [slot.name]: e.target.value })}
              />
            ))}
            <figure className="flex flex-col gap-1">
              <figcaption className="text-xs text-text-3">{t("template.preview")}</figcaption>
              <blockquote data-preview dir="auto" className="rounded-xl bg-sunken px-3.5 py-2.5 whitespace-pre-line">{wordsOf(template, values)}</blockquote>
              {template.buttons.length > 0 && <p className="text-xs text-text-2">{t("template.buttons", { labels: template.buttons.join(", ") })}</p>}
            </figure>
          </>
        )}
      </form>
    </Dialog>
  );
}
