/**
 * Tables that become a list of cards on a narrow screen: each row a card, its first cell the title, below it the other cells
 * with their column's name. Roles are said explicitly, because a table that is laid out otherwise is no table to some readers.
 */
/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role -- see above. */
import type { ReactNode } from "react";

export interface Column<T> {
  key: string;
  title: string;
  /** `null` where there is nothing to show: a card leaves the line out. */
  cell: (row: T) => ReactNode;
  /** Left out on narrow screens. */
  minor?: boolean;
  end?: boolean;
  /** On a card: in its upper corner, or as a line without the column's name. */
  card?: "corner" | "bare";
}

export function Table<T>({ caption, columns, rows, rowKey, onOpen, openLabel }: {
  caption: string;
  columns: Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  openLabel?: (row: T) => string;
}) {
  const cornered = columns.some((c) => c.card === "corner");
  return (
    <div className="md:overflow-x-auto md:rounded-xl md:border md:border-line md:bg-surface md:shadow-sm">
      <table role="table" className="w-full border-collapse text-sm max-md:block">
        <caption className="sr-only">{caption}</caption>
        <thead role="rowgroup" className="max-md:sr-only">
          <tr role="row" className="border-b border-line">
            {columns.map((c) => (
              <th
                key={c.key}
                role="columnheader"
                scope="col"
                className={`px-4 py-2.5 text-xs font-medium whitespace-nowrap text-text-3 ${c.end ? "text-end" : "text-start"} ${c.minor ? "max-md:hidden" : ""}`}
              >
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup" className="max-md:flex max-md:flex-col max-md:gap-2.5">
          {rows.map((row) => (
            <tr
              key={rowKey(row)}
              role="row"
              className="group relative hover:bg-hover max-md:grid max-md:grid-cols-[auto_minmax(0,1fr)] max-md:gap-x-4 max-md:gap-y-1.5 max-md:rounded-xl max-md:border max-md:border-line max-md:bg-surface max-md:px-4 max-md:py-3 max-md:shadow-sm md:border-b md:border-line md:last:border-0"
            >
              {columns.map((c, i) => {
                const content = c.cell(row);
                const place =
                  i === 0
                    ? `max-md:block ${cornered ? "max-md:pe-28" : ""}`
                    : c.minor || content === null
                      ? "max-md:hidden"
                      : c.card === "corner"
                        ? "max-md:absolute max-md:end-4 max-md:top-3 max-md:max-w-28"
                        : c.card === "bare"
                          ? "max-md:block"
                          : "max-md:grid max-md:grid-cols-subgrid";
                return (
                  <td key={c.key} role="cell" className={`align-middle max-md:col-span-2 max-md:items-baseline max-md:p-0 md:px-4 md:py-2.5 ${c.end ? "tabular-nums md:text-end" : ""} ${place}`}>
                    {i === 0 && onOpen ? (
                      <button type="button" onClick={() => onOpen(row)} title={openLabel?.(row)} className="text-start font-medium text-text after:absolute after:inset-0 after:content-['']">
                        {content}
                      </button>
                    ) : i === 0 ? (
                      content
                    ) : (
                      <>
                        {!c.card && (
                          <span aria-hidden="true" className="text-xs text-text-3 md:hidden">
                            {c.title}
                          </span>
                        )}
                        <div className="min-w-0 break-words">{content}</div>
                      </>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
