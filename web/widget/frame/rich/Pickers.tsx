/** What is filled in before it is an answer: boxes to tick, times and days. */
import { useId, useState } from "preact/hooks";
import { ticked, writeDay, type Box, type Checklist, type Day, type Slots } from "../../../rich/model";
import { useShared } from "../ui/context";
import { Text } from "../ui/Text";
import { tap, type About } from "./tap";

export function ChecklistView({ list, about }: { list: Checklist; about: About }) {
  const { visit } = useShared();
  const id = useId();
  const [chosen, setChosen] = useState<ReadonlySet<Box>>(new Set());
  const [done, setDone] = useState<string | null>(null);
  const shared = useShared();
  const answer = ticked(list, chosen);
  const toggle = (box: Box) => setChosen((old) => (old.has(box) ? new Set([...old].filter((one) => one !== box)) : new Set([...old, box])));
  const submit = (event: Event) => {
    event.preventDefault();
    if (!answer) return;
    visit.answer({ dialog: about.dialog, sequence: about.sequence }, answer.metadata, answer.text);
    setDone(answer.text);
  };
  if (done !== null) {
    return (
      <div class="rich-vertical card">
        <p class="rich-text title" dir="auto">
          <Text>{list.title}</Text>
        </p>
        <p class="rich-text" dir="auto">
          <Text>{done}</Text>
        </p>
      </div>
    );
  }
  return (
    <form class="rich-vertical card" aria-labelledby={id} onSubmit={submit}>
      <p id={id} class="rich-text title" dir="auto">
        <Text>{list.title}</Text>
      </p>
      {list.sections.map((section, at) => (
        <fieldset key={at} class="rich-boxes">
          {section.title && <legend dir="auto">{section.title}</legend>}
          {section.boxes.map((box, nth) => (
            <label key={nth} dir="auto">
              <input type="checkbox" disabled={!about.open} checked={chosen.has(box)} onChange={() => toggle(box)} />
              <span>{box.title}</span>
            </label>
          ))}
        </fieldset>
      ))}
      <button type="submit" class="rich-button" disabled={!about.open || !answer}>
        <bdi>{list.submit.title}</bdi>
      </button>
      {list.other && (
        <button type="button" class="rich-button" onClick={() => list.other && tap(shared, about, list.other)}>
          <bdi>{list.other.title}</bdi>
        </button>
      )}
    </form>
  );
}

export function SlotsView({ slots, about }: { slots: Slots; about: About }) {
  const { visit, words } = useShared();
  const day = new Intl.DateTimeFormat(words.tag, { weekday: "short", day: "numeric", month: "short" });
  const time = new Intl.DateTimeFormat(words.tag, { hour: "numeric", minute: "2-digit" });
  const said = new Intl.DateTimeFormat(words.tag, { dateStyle: "medium", timeStyle: "short" });
  const days = new Map<string, Slots["slots"]>();
  for (const slot of slots.slots) days.set(day.format(slot.start), [...(days.get(day.format(slot.start)) ?? []), slot]);
  return (
    <div class="rich-vertical card">
      <p class="rich-text title" dir="auto">
        <Text>{slots.title}</Text>
      </p>
      {[...days].map(([name, all]) => (
        <div key={name} role="group" aria-label={name} class="rich-slots">
          <p aria-hidden="true">{name}</p>
          {all.map((slot) => (
            <button
              key={slot.id}
              type="button"
              class="chip"
              disabled={!about.open || slot.start < Date.now()}
              onClick={() => visit.answer({ dialog: about.dialog, sequence: about.sequence }, [...slots.metadata, { type: "ExternalId", id: slot.id }], slot.title ?? said.format(slot.start))}
            >
              <bdi>{[slot.title ?? time.format(slot.start), slot.description].filter(Boolean).join(" – ")}</bdi>
            </button>
          ))}
        </div>
      ))}
    </div>
  );
}

export function DayView({ day, about }: { day: Day; about: About }) {
  const { visit, words } = useShared();
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const ready = from !== "" && (!day.range || to >= from);
  const submit = (event: Event) => {
    event.preventDefault();
    if (!ready) return;
    const text = [from, ...(day.range ? [to] : [])].map((one) => writeDay(one, day.format)).join(" - ");
    visit.answer({ dialog: about.dialog, sequence: about.sequence }, day.metadata, text);
  };
  const field = (label: string, value: string, set: (value: string) => void, min: string | null) => (
    <input type="date" aria-label={label} value={value} min={min ?? undefined} max={day.latest ?? undefined} disabled={!about.open} onInput={(event) => set(event.currentTarget.value)} />
  );
  return (
    <form class="rich-vertical card" onSubmit={submit}>
      <p class="rich-text title" dir="auto">
        <Text>{day.title}</Text>
      </p>
      <div class="rich-days">
        {field(day.range ? `${day.title} (1/2)` : day.title, from, setFrom, day.earliest)}
        {day.range && field(`${day.title} (2/2)`, to, setTo, from || day.earliest)}
      </div>
      <button type="submit" class="rich-button" disabled={!about.open || !ready}>
        {words.t("send")}
      </button>
    </form>
  );
}
