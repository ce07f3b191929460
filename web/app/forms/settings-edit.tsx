/** Changes the account's settings: only what was changed is sent, as it was read. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import type { Settings } from "@/api/types";
import { t, type MessageKey } from "@/i18n";
import { fieldProblem } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { may } from "@/stores/identity";
import { Checkbox, Select, TextArea, TextField } from "@/ui/Field";
import { QuantityField, type Unit } from "@/ui/QuantityField";
import { FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

type Named<V> = { [K in keyof Settings]: Settings[K] extends V ? K : never }[keyof Settings];
type NumberName = Named<number>;

const FORMS = ["sha1_base64", "sha1_hex", "sha256_base64", "sha256_hex"] as const;
const LANGUAGES = ["en", "de", "es", "fr"] as const;
const URGENCIES = ["NORMAL", "URGENT", "PRIORITIZED"] as const;

const TIMES = (): Unit[] => [
  { label: t("unit.s"), factor: 1 },
  { label: t("unit.min"), factor: 60 },
  { label: t("unit.h"), factor: 3_600 },
  { label: t("unit.d"), factor: 86_400 },
];
const SIZES = (): Unit[] => [
  { label: t("unit.kib"), factor: 1 },
  { label: t("unit.mib"), factor: 1_024 },
];

function Group({ title, children }: { title: MessageKey; children: ReactNode }) {
  return (
    <fieldset className="flex flex-col gap-4 rounded-xl border border-line bg-surface p-4 shadow-sm">
      <legend className="sr-only">{t(title)}</legend>
      <p aria-hidden="true" className="text-sm font-semibold">{t(title)}</p>
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">{children}</div>
    </fieldset>
  );
}

export function SettingsForm({ settings, etag }: { settings: Settings; etag: string | null }) {
  const { api, queries, session } = useDesk();
  const skills = useQuery(queries.skills).data?.items ?? [];
  const apps = useQuery({ ...queries.apps, enabled: may(session, "manage_sources") }).data?.items ?? [];
  const [changes, setChanges] = useState<Partial<Settings>>({});
  const [networks, setNetworks] = useState(settings.allow_private_endpoints.join("\n"));
  const [hosts, setHosts] = useState(settings.image_hosts.join("\n"));
  const now: Settings = { ...settings, ...changes };
  const set = (change: Partial<Settings>) => setChanges({ ...changes, ...change });

  const save = useSave({
    // The account's name and default skill are told with the session.
    keys: ["settings", "session"],
    created: false,
    onDone: () => undefined,
    save: () => {
      const wanted = networks.split(/\s+/).filter(Boolean);
      const same = wanted.join("\n") === settings.allow_private_endpoints.join("\n");
      const pictures = hosts.split(/\s+/).filter(Boolean);
      const samePictures = pictures.join("\n") === settings.image_hosts.join("\n");
      return api.updateSettings({ ...changes, ...(same ? {} : { allow_private_endpoints: wanted }), ...(samePictures ? {} : { image_hosts: pictures }) }, etag);
    },
  });
  const { error } = save;
  const shown = [...Object.keys(settings)];
  const quantity = (name: NumberName, units: readonly Unit[], hint?: MessageKey) => (
    <QuantityField label={t(`settings.${name}`)} unitLabel={t("unit.of", { name: t(`settings.${name}`) })} hint={hint && t(hint)} value={settings[name]} units={units} onChange={(value) => set({ [name]: value })} problem={fieldProblem(error, name)} />
  );
  const number = (name: NumberName) => (
    <TextField label={t(`settings.${name}`)} type="number" min={1} required value={String(now[name])} onChange={(e) => set({ [name]: Number(e.target.value) })} problem={fieldProblem(error, name)} />
  );
  const survey = now.survey_app ?? "";
  const surveyApps = [{ value: "", label: t("settings.nobody") }, ...apps.map((a) => ({ value: a.client_id, label: a.name }))];
  // One that was set before its app was removed, or that this profile may not list, stays choosable.
  if (!surveyApps.some((a) => a.value === survey)) surveyApps.push({ value: survey, label: survey });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <Group title="settings.account">
        <TextField label={t("admin.name")} required value={now.name} onChange={(e) => set({ name: e.target.value })} problem={fieldProblem(error, "name")} dir="auto" />
        <TextField label={t("settings.timezone")} hint={t("settings.timezoneHint")} required value={now.timezone} onChange={(e) => set({ timezone: e.target.value })} problem={fieldProblem(error, "timezone")} dir="ltr" spellCheck={false} />
        <Select label={t("settings.default_skill_id")} hint={t("settings.defaultSkillHint")} value={now.default_skill_id ?? ""} onChange={(e) => set({ default_skill_id: e.target.value || null })} problem={fieldProblem(error, "default_skill_id")} options={[{ value: "", label: t("settings.none") }, ...skills.map((s) => ({ value: s.id, label: s.name }))]} />
      </Group>
      <Group title="settings.offers">
        {quantity("ring_expiration_s", TIMES())}
        {quantity("suggestion_s", TIMES())}
        {quantity("offline_after_s", TIMES(), "settings.offlineHint")}
        {quantity("return_to_queue_after_s", TIMES(), "settings.returnHint")}
        <Checkbox label={t("settings.auto_accept")} hint={t("settings.autoAcceptHint")} checked={now.auto_accept} onChange={(e) => set({ auto_accept: e.target.checked })} />
      </Group>
      <Group title="settings.answers">
        {quantity("response_time_s", TIMES())}
        {quantity("urgent_response_time_s", TIMES())}
        {quantity("prioritized_response_time_s", TIMES())}
        <Select label={t("settings.default_response_time")} value={now.default_response_time} onChange={(e) => set({ default_response_time: e.target.value })} problem={fieldProblem(error, "default_response_time")} options={URGENCIES.map((value) => ({ value, label: t(`settings.urgency.${value}`) }))} />
      </Group>
      <Group title="settings.ends">
        {quantity("auto_close_s", TIMES(), "settings.autoCloseHint")}
        <Select label={t("settings.survey_app")} hint={t("settings.surveyHint")} value={survey} onChange={(e) => set({ survey_app: e.target.value || null })} problem={fieldProblem(error, "survey_app")} options={surveyApps} />
        {quantity("survey_idle_s", TIMES(), "settings.surveyIdleHint")}
      </Group>
      <Group title="settings.files">
        {quantity("consumer_file_kib", SIZES())}
        {quantity("agent_file_kib", SIZES())}
        <Checkbox label={t("settings.file_sharing")} hint={t("settings.fileSharingHint")} checked={now.file_sharing} onChange={(e) => set({ file_sharing: e.target.checked })} />
      </Group>
      <Group title="settings.cards">
        <Select label={t("settings.consumer_language")} hint={t("settings.languageHint")} value={now.consumer_language} onChange={(e) => set({ consumer_language: e.target.value })} problem={fieldProblem(error, "consumer_language")} options={LANGUAGES.map((value) => ({ value, label: t(`settings.language.${value}`) }))} />
        <TextArea label={t("settings.image_hosts")} hint={t("settings.imageHostsHint")} value={hosts} onChange={(e) => setHosts(e.target.value)} problem={fieldProblem(error, "image_hosts")} spellCheck={false} dir="ltr" />
      </Group>
      <Group title="settings.programs">
        <Select label={t("settings.notification_signature")} hint={t("settings.signatureHint")} value={now.notification_signature} onChange={(e) => set({ notification_signature: e.target.value })} problem={fieldProblem(error, "notification_signature")} options={FORMS.map((value) => ({ value, label: t(`settings.form.${value}`) }))} />
        <TextArea label={t("settings.allow_private_endpoints")} hint={t("settings.privateHint")} value={networks} onChange={(e) => setNetworks(e.target.value)} problem={fieldProblem(error, "allow_private_endpoints")} spellCheck={false} dir="ltr" />
        {number("max_sockets")}
      </Group>
      <Group title="settings.keeping">
        {quantity("idle_logout_s", TIMES(), "settings.idleHint")}
        {number("channel_log_days")}
      </Group>
      <FormFoot error={error} fields={shown} isNew={false} busy={save.isPending} />
    </form>
  );
}
