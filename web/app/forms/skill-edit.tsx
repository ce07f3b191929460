/** Creates a skill, or changes one. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Skill } from "@/api/types";
import { t } from "@/i18n";
import { fieldProblem } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { Checkbox, TextArea, TextField } from "@/ui/Field";
import { EntityDialog, FormFoot } from "./EntityDialog";
import { useSave } from "./useSave";

export function SkillDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const skill = useQuery({ ...queries.skill(id ?? ""), enabled: id !== null });
  return (
    <EntityDialog<Skill> isNew={id === null} query={skill} title={(s) => s?.name ?? t("skills.new")} onClose={onClose}>
      {({ data, etag }) => <SkillForm skill={data} etag={etag} onDone={onClose} />}
    </EntityDialog>
  );
}

function SkillForm({ skill, etag, onDone }: { skill: Skill | null; etag: string | null; onDone: () => void }) {
  const { api } = useDesk();
  const [name, setName] = useState(skill?.name ?? "");
  const [description, setDescription] = useState(skill?.description ?? "");
  const [enabled, setEnabled] = useState(skill?.enabled ?? true);
  const save = useSave({
    keys: ["skills"],
    created: skill === null,
    onDone,
    save: () => (skill ? api.updateSkill(skill.id, { name, description, enabled }, etag) : api.createSkill({ name, description })),
  });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <TextField label={t("admin.name")} required value={name} onChange={(e) => setName(e.target.value)} problem={fieldProblem(save.error, "name")} dir="auto" />
      <TextArea label={t("skills.description")} value={description} onChange={(e) => setDescription(e.target.value)} problem={fieldProblem(save.error, "description")} dir="auto" />
      {skill && <Checkbox label={t("admin.enabled")} checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />}
      <FormFoot error={save.error} fields={["name", "description"]} isNew={skill === null} busy={save.isPending} onCancel={onDone} />
    </form>
  );
}
