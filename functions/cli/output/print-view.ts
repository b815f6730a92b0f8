import type { Page } from './pager.ts';
import { type Format, formatView, type View } from './view.ts';

/** How a result is shown, and where. */
export interface Printing {
  readonly format: Format;
  readonly colour: boolean;
  /** Tables are left out: the exit code is the answer. */
  readonly quiet: boolean;
  /** Of the terminal; `Infinity` elsewhere. */
  readonly columns: number;
  /** Lines that the terminal has room for; `Infinity` elsewhere. */
  readonly rows: number;
  readonly now: () => Date;
  readonly out: (text: string) => void;
  /** Absent: nothing is paged. */
  readonly page?: Page;
}

/** A view as text, as it is asked for. */
export function textOfView(
  view: View,
  { format, columns, colour, now }: Pick<Printing, 'format' | 'columns' | 'colour' | 'now'>,
): string {
  return formatView(view, { format, colour, paper: { columns, now: now() } });
}

/** Shows results for people or programs; a text that is longer than the terminal by a pager. */
export async function printViews(views: readonly View[], printing: Printing): Promise<void> {
  const { format, quiet, rows, out, page } = printing;
  if (quiet && (format === 'table' || format === 'wide')) return;
  const text = views.map((view) => textOfView(view, printing)).join('');
  if (text === '') return;
  const isLong = text.split('\n').length > rows;
  if (isLong && page !== undefined && (await page(text))) return;
  out(text);
}
