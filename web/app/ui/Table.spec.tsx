import { render, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cleanup } from "@testing-library/react";
import { Table } from "./Table";

afterEach(cleanup);

const rows = [{ id: "1", name: "Orders", waiting: 2, note: "" }, { id: "2", name: "Billing", waiting: 0, note: "new" }];

describe("a table", () => {
  it("is a table to a screen reader however it is laid out, and opens a row", async () => {
    const open = vi.fn();
    render(
      <Table
        caption="Skills"
        rows={rows}
        rowKey={(r) => r.id}
        onOpen={open}
        columns={[
          { key: "name", title: "Name", cell: (r) => r.name },
          { key: "waiting", title: "Waiting", card: "corner", cell: (r) => r.waiting },
          { key: "note", title: "Note", cell: (r) => r.note || null },
        ]}
      />,
    );
    const table = screen.getByRole("table", { name: "Skills" });
    expect(within(table).getAllByRole("columnheader").map((h) => h.textContent)).toEqual(["Name", "Waiting", "Note"]);
    expect(within(table).getAllByRole("row")).toHaveLength(3);
    // A card names the column beside the value, for eyes only, and leaves out what is empty.
    const [first, second] = within(table).getAllByRole("row").slice(1);
    const cells = (row: HTMLElement | undefined) => within(row ?? table).getAllByRole("cell");
    expect(cells(first)[2]?.className).toContain("max-md:hidden");
    expect(cells(second)[2]?.querySelector("[aria-hidden]")?.textContent).toBe("Note");
    expect(cells(second)[1]?.querySelector("[aria-hidden]")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Billing" }));
    expect(open).toHaveBeenCalledWith(rows[1]);
  });
});
