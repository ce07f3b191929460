/** A whole number of some small unit, entered in whichever larger unit suits it. */
import { useId, useState } from "react";
import type { ReactNode } from "react";

export interface Unit {
  label: string;
  /** How many of the smallest unit it is. */
  factor: number;
}

/** The largest unit that divides the number, else the smallest. */
const fitting = (value: number, units: readonly Unit[]): Unit | undefined => units.findLast((u) => value !== 0 && value % u.factor === 0) ?? units[0];

/** `units` go from the smallest to the largest; the value is in the smallest. `NaN` where the field holds no number. */
export function QuantityField({ label, unitLabel, hint, problem, value, units, onChange }: {
  label: string;
  /** The name of the choice of units. */
  unitLabel: string;
  hint?: ReactNode;
  problem?: string | null;
  value: number;
  units: readonly Unit[];
  onChange: (value: number) => void;
}) {
  const id = useId();
  const [unit, setUnit] = useState(() => fitting(value, units));
  const [text, setText] = useState(() => String(value / (unit?.factor ?? 1)));
  const tell = (typed: string, of: Unit | undefined) => onChange(typed.trim() === "" ? Number.NaN : Math.round(Number(typed) * (of?.factor ?? 1)));
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium text-text">
        {label}
      </label>
      <div className="flex gap-2">
        <input
          id={id}
          type="number"
          min={0}
          step="any"
          required
          className="field min-w-0 flex-1"
          aria-invalid={problem ? true : undefined}
          aria-describedby={[hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ") || undefined}
          value={text}
          onChange={(e) => {
            setText(e.target.value);
            tell(e.target.value, unit);
          }}
        />
        <select
          aria-label={unitLabel}
          className="field w-auto pe-8"
          value={unit?.label}
          onChange={(e) => {
            const next = units.find((u) => u.label === e.target.value);
            setUnit(next);
            tell(text, next);
          }}
        >
          {units.map((u) => (
            <option key={u.label}>{u.label}</option>
          ))}
        </select>
      </div>
      {hint && (
        <p id={`${id}-hint`} className="text-xs text-text-3">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} className="text-xs font-medium text-danger">
          {problem}
        </p>
      )}
    </div>
  );
}
