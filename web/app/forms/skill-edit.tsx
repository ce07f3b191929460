/** Creates a skill, or changes one. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Skill } from "@/api/types";
import { t } from "@/i18n";
import { fieldProblem, problemOf, remedyOf } from "@/lib/problem";
import { useDesk } from "@/stores/context";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ErrorNote, RowsSkeleton } from "@/ui/Feedback";
import { Checkbox, TextArea, TextField } from "@/ui/Field";
import { formProblem, useSave } from "./useSave";

export function SkillDialog({ id, onClose }: { id: string | null; onClose: () => void }) {
  const { queries } = useDesk();
  const skill = useQuery({ ...queries.skill(id ?? ""), enabled: id !== null });
  return (
    <Dialog title={id === null ? t("skills.new") : (skill.data?.data.name ?? t("app.loading"))} closeLabel={t("admin.close")} onClose={onClose}>
      {id !== null && skill.isPending && <RowsSkeleton rows={2} label={t("app.loading")} />}
      {skill.isError && <ErrorNote>{problemOf(skill.error)}</ErrorNote>}
      {(id === null || skill.data) && <SkillForm skill={skill.data?.data ?? null} etag={skill.data?.etag ?? null} onDone={onClose} />}
    </Dialog>
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
  const problem = formProblem(save.error, ["name", "description"]);
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
      {problem && <ErrorNote remedy={remedyOf(save.error)}>{problem}</ErrorNote>}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{t("admin.cancel")}</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {t(skill ? "admin.save" : "admin.create")}
        </Button>
      </div>
    </form>
  );
}
