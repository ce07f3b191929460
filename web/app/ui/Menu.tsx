/** A menu on a button. Not modal: the page behind stays alive, and no style sheet is made at run time. */
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

export function Menu({ trigger, children, align = "end", open, onOpenChange }: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
}) {
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={onOpenChange}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.getElementById("menus")}>
        <DropdownMenu.Content
          align={align}
          sideOffset={6}
          collisionPadding={8}
          className="sheet z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-52 overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-lg"
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const ITEM =
  "flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm text-text outline-none select-none data-[highlighted]:bg-accent-soft data-[highlighted]:text-accent-text data-[disabled]:cursor-not-allowed data-[disabled]:text-text-3";

export function MenuItem({ icon, onSelect, disabled, hint, danger = false, children }: {
  icon?: IconName;
  onSelect: () => void;
  disabled?: boolean;
  hint?: string;
  danger?: boolean;
  children: ReactNode;
}) {
  return (
    <DropdownMenu.Item className={`${ITEM} ${danger ? "text-danger" : ""}`} onSelect={onSelect} disabled={disabled} title={hint}>
      {icon && <Icon name={icon} size={16} className="text-text-3" />}
      <span className="flex-1">{children}</span>
    </DropdownMenu.Item>
  );
}

export function MenuChoice<T extends string>({ value, onChange, label, options }: {
  value: T;
  onChange: (value: T) => void;
  label: string;
  options: { value: T; label: string; hint?: string; mark?: ReactNode }[];
}) {
  return (
    <DropdownMenu.RadioGroup value={value} onValueChange={(v) => onChange(v as T)} aria-label={label}>
      {options.map((o) => (
        <DropdownMenu.RadioItem key={o.value} value={o.value} className={ITEM}>
          {o.mark}
          <span className="flex-1">
            <span className="block">{o.label}</span>
            {o.hint && <span className="block text-xs text-text-3">{o.hint}</span>}
          </span>
          <DropdownMenu.ItemIndicator>
            <Icon name="check" size={16} />
          </DropdownMenu.ItemIndicator>
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}

export function MenuToggle({ checked, onChange, icon, children }: { checked: boolean; onChange: (v: boolean) => void; icon?: IconName; children: ReactNode }) {
  return (
    <DropdownMenu.CheckboxItem checked={checked} onCheckedChange={onChange} onSelect={(e) => e.preventDefault()} className={ITEM}>
      {icon && <Icon name={icon} size={16} className="text-text-3" />}
      <span className="flex-1">{children}</span>
      <DropdownMenu.ItemIndicator>
        <Icon name="check" size={16} />
      </DropdownMenu.ItemIndicator>
    </DropdownMenu.CheckboxItem>
  );
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <DropdownMenu.Label className="px-2.5 pt-2 pb-1 text-2xs font-semibold tracking-wide text-text-3 uppercase">{children}</DropdownMenu.Label>;
}

export function MenuRule() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
