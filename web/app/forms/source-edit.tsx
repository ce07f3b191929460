/** Creates a source, or changes one. Which credentials there are is told by the channel itself, never by this form. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ChangeEvent } from "react";
import { channelsQuery } from "@/api/queries";
import type { CredentialField, CredentialValue, Source } from "@/api/types";
import { t } from "@/i18n";
import { fieldProblem, problemOf } from "@/lib/problem";
import { sentence } from "@/lib/text";
import { useDesk } from "@/stores/context";
import { toast } from "@/stores/toasts";
import { IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { Checkbox, Select, TextField } from "@/ui/Field";
import { FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

const isSet = (value: CredentialValue | undefined): boolean => (typeof value === "string" ? value !== "" : value?.set === true);

/** Only what was filled in is sent: an empty secret keeps the stored one. */
export function changedCredentials(schema: readonly CredentialField[], filled: Readonly<Record<string, string>>, known: Source["credentials"]): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const field of schema) {
    const value = filled[field.name];
    if (value === undefined || (field.secret && value === "") || value === known[field.name]) continue;
    changed[field.name] = value;
  }
  return changed;
}

export function SourceDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const source = useQuery({ ...queries.source(id ?? ""), enabled: id !== null });
  const channels = useQuery(channelsQuery);
  const error = source.error ?? channels.error;
  return (
    <Dialog title={id === null ? t("sources.new") : (source.data?.data.name ?? t("app.loading"))} closeLabel={t("admin.close")} onClose={onClose} wide>
      {error && <ErrorNote>{problemOf(error)}</ErrorNote>}
      {!error && (channels.isPending || (id !== null && source.isPending)) && <RowsSkeleton rows={4} label={t("app.loading")} />}
      {channels.data && (id === null || source.data) && <SourceForm source={source.data?.data ?? null} etag={source.data?.etag ?? null} onDone={onClose} />}
    </Dialog>
  );
}

function CopyField({ label, hint, value }: { label: string; hint: string; value: string }) {
  const copy = () => void navigator.clipboard.writeText(value).then(() => toast(t("action.copied")), () => toast(t("error.generic"), "danger"));
  return (
    <div className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <TextField label={label} hint={hint} readOnly value={value} dir="ltr" onFocus={(e) => e.target.select()} />
      </div>
      <IconButton icon="copy" label={`${t("action.copy")}: ${label}`} className="mb-6" onClick={copy} />
    </div>
  );
}

/** The line that a page of the brand carries. */
function widgetTag(account: string, address: string): string {
  const attribute = (text: string) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
  return `<script src="${location.origin}/widget.js" data-account="${attribute(account)}" data-source="${attribute(address)}" async></script>`;
}

function SourceForm({ source, etag, onDone }: { source: Source | null; etag: string | null; onDone: () => void }) {
  const { api, queries, me } = useDesk();
  const channels = useQuery(channelsQuery).data?.items ?? [];
  const skills = useQuery(queries.skills).data?.items ?? [];
  const apps = useQuery(queries.channelApps).data?.items ?? [];
  const [channelId, setChannelId] = useState(source?.channel ?? channels[0]?.id ?? "");
  const [name, setName] = useState(source?.name ?? "");
  const [address, setAddress] = useState(source?.address ?? "");
  const [skillId, setSkillId] = useState(source?.skill_id ?? "");
  const [appId, setAppId] = useState(source?.app_id ?? "");
  const [baseUrl, setBaseUrl] = useState(source?.api_base_url ?? "");
  const [enabled, setEnabled] = useState(source?.enabled ?? true);
  const [filled, setFilled] = useState<Record<string, string>>({});
  const channel = channels.find((c) => c.id === channelId);
  const schema = channel?.credentials_schema ?? [];
  const settingsSchema = channel?.settings_schema ?? [];
  const carriesWidget = channel?.hosted === true && settingsSchema.some((field) => field.name === "allowed_origins");
  const known = source?.credentials ?? {};
  const knownSettings = Object.fromEntries(Object.entries(source?.settings ?? {}).map(([k, v]) => [k, String(v)]));
  const [settings, setSettings] = useState<Record<string, string>>({});
  const usable = apps.filter((a) => a.channel === channelId);

  const save = useSave({
    keys: ["sources"],
    created: source === null,
    onDone,
    save: () => {
      const credentials = changedCredentials(schema, filled, known);
      const shared = { name, skill_id: skillId || null, app_id: appId || null, api_base_url: baseUrl || null, enabled, ...(Object.keys(credentials).length > 0 ? { credentials } : {}),
        ...(Object.keys(settings).length > 0 ? { settings: Object.fromEntries(Object.entries(settings).map(([k, v]) => [k, v === "" ? null : v])) } : {}),
      };
      return source ? api.updateSource(source.id, { ...shared, address }, etag) : api.createSource({ ...shared, channel: channelId, address });
    },
  });
  const { error } = save;
  const fields = ["name", "address", "skill_id", "app_id", "api_base_url", ...schema.flatMap((f) => [f.name, `credentials.${f.name}`]), ...settingsSchema.flatMap((f) => [f.name, `settings.${f.name}`])];
  return (
    <form
      className="flex flex-col gap-5"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      {source && (source.health.state === "failing" || source.health.state === "needs_reauthorisation") && (
        <ErrorNote remedy={source.health.message}>{t(`sources.health.${source.health.state}`)}</ErrorNote>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        {!source && <Select label={t("sources.channel")} value={channelId} onChange={(e) => setChannelId(e.target.value)} options={channels.map((c) => ({ value: c.id, label: c.name }))} />}
        <TextField label={t("admin.name")} required value={name} onChange={(e) => setName(e.target.value)} problem={fieldProblem(error, "name")} dir="auto" />
        <TextField label={t("sources.address")} hint={channel?.address_label ? sentence(channel.address_label) : t("sources.addressHint")} required value={address} onChange={(e) => setAddress(e.target.value)} problem={fieldProblem(error, "address")} dir="ltr" spellCheck={false} />
        <Select label={t("sources.skill")} value={skillId} onChange={(e) => setSkillId(e.target.value)} problem={fieldProblem(error, "skill_id")} options={[{ value: "", label: t("sources.skillDefault") }, ...skills.map((s) => ({ value: s.id, label: s.name }))]} />
        {usable.length > 0 && <Select label={t("sources.app")} value={appId} onChange={(e) => setAppId(e.target.value)} problem={fieldProblem(error, "app_id")} options={[{ value: "", label: t("sources.noApp") }, ...usable.map((a) => ({ value: a.id, label: a.name }))]} />}
        {!channel?.hosted && <TextField label={t("sources.baseUrl")} hint={t("sources.baseUrlHint")} type="url" value={baseUrl} onChange={(e) => setBaseUrl(e.target.value)} problem={fieldProblem(error, "api_base_url")} dir="ltr" />}
      </div>
      {schema.length > 0 && (
        <fieldset className="flex flex-col gap-3 border-t border-line pt-4">
          <legend className="sr-only">{t("sources.credentials")}</legend>
          <p aria-hidden="true" className="text-sm font-semibold">{t("sources.credentials")}</p>
          <div className="grid gap-4 sm:grid-cols-2">
            {schema.map((field) => {
              const value = known[field.name];
              const set = isSet(value);
              return (
                <TextField
                  key={`${channelId}.${field.name}`}
                  label={field.label}
                  type={field.secret ? "password" : "text"}
                  autoComplete={field.secret ? "new-password" : "off"}
                  spellCheck={false}
                  required={field.required && !set}
                  hint={[field.help, field.secret && set ? t("sources.secretSet") : ""].filter(Boolean).join(" ") || undefined}
                  value={filled[field.name] ?? (field.secret || typeof value !== "string" ? "" : value)}
                  onChange={(e) => setFilled({ ...filled, [field.name]: e.target.value })}
                  problem={fieldProblem(error, `credentials.${field.name}`) ?? fieldProblem(error, field.name)}
                  dir="ltr"
                />
              );
            })}
          </div>
        </fieldset>
      )}
      {settingsSchema.length > 0 && (
        <fieldset className="flex flex-col gap-3 border-t border-line pt-4">
          <legend className="sr-only">{t("sources.settings")}</legend>
          <p aria-hidden="true" className="text-sm font-semibold">{t("sources.settings")}</p>
          <div className="grid gap-4 sm:grid-cols-2">
            {settingsSchema.map((field) => {
              const shared = {
                label: field.label,
                hint: field.help || undefined,
                value: settings[field.name] ?? knownSettings[field.name] ?? "",
                onChange: (e: ChangeEvent<HTMLInputElement | HTMLSelectElement>) => setSettings({ ...settings, [field.name]: e.target.value }),
                problem: fieldProblem(error, `settings.${field.name}`) ?? fieldProblem(error, field.name),
              };
              const key = `${channelId}.${field.name}`;
              if (field.choices.length === 0) return <TextField key={key} {...shared} placeholder={field.default ?? undefined} dir="auto" />;
              const unset = { value: "", label: field.default === null ? t("sources.notSet") : t("sources.default", { value: field.default }) };
              return <Select key={key} {...shared} options={[unset, ...field.choices.map((value) => ({ value, label: value }))]} />;
            })}
          </div>
        </fieldset>
      )}
      {/* Where consumers come to us by themselves nobody calls a webhook; pages carry a line instead. */}
      {source && channel && !channel.hosted && <CopyField label={t("sources.webhook")} hint={t("sources.webhookHint")} value={source.webhook_url} />}
      {source && carriesWidget && <CopyField label={t("sources.widget")} hint={t("sources.widgetHint")} value={widgetTag(me.accountId, source.address)} />}
      <Checkbox label={t("admin.enabled")} checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />
      <FormFoot error={error} fields={fields} isNew={source === null} busy={save.isPending} onCancel={onDone} />
    </form>
  );
}
