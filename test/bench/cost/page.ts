import { type Limit, limitsOf } from './limits.ts';
import { billOf } from './model.ts';
import { PRICES } from './prices.ts';
import { FLEETS, MEASURED, QUOTAS, SIMULATED } from './scenarios.ts';

const BILL = '<!-- bill: npx node test/bench/cost/write-page.ts -->';
const LIMITS = '<!-- limits: npx node test/bench/cost/write-page.ts -->';

/** `docs/performance.md` with its bill and its limits as the model has them. */
export function costPage(page: string): string {
  return withTable(withTable(page, BILL, billTable()), LIMITS, limitsTable());
}

/** The table that follows a line is replaced. */
function withTable(page: string, line: string, table: string): string {
  const at = page.indexOf(line);
  if (at === -1) throw new Error(`docs/performance.md has no line ${line}`);
  const head = page.slice(0, at + line.length);
  const rest = page.slice(at + line.length).replace(/^\n*(?:\|.*\n)*/, '');
  return `${head}\n\n${table}${rest.startsWith('\n') ? '' : '\n'}${rest}`;
}

function billTable(): string {
  const rows = FLEETS.map((fleet) => {
    const bill = billOf(fleet, MEASURED, PRICES, QUOTAS);
    const { run, pubsub, firestore, logs, total } = bill.dollarsADay;
    return [
      whole(fleet.clusters),
      whole(bill.gatewayCallsAMinute),
      bill.minutesAPush.toFixed(2),
      whole(bill.sweepMinutes),
      whole(bill.reads),
      whole(bill.writes),
      ...[run, pubsub, firestore, logs, total].map((value) => value.toFixed(2)),
    ];
  });
  const head = [
    'clusters',
    'gateway calls a minute',
    'minutes from push to last approval',
    'minutes a sweep',
    'reads a day',
    'writes a day',
    'Cloud Run',
    'Pub/Sub',
    'Firestore',
    'logs',
    '$ a day',
  ];
  return tableOf(head, rows);
}

function limitsTable(): string {
  const [first = [], ...others] = SIMULATED.map(limitsOf);
  const rows = first.map((limit, at): readonly string[] => {
    const uses = [limit, ...others.map((limits) => limits[at])].map(useOf);
    return [`${limit.name}, ${limit.limit}`, ...uses, limit.remedy];
  });
  const followers = SIMULATED.map(({ clusters, followersShare }) =>
    whole(clusters * followersShare),
  );
  const head = ['limit', ...followers.map((count) => `${count} followers`), 'then'];
  const dollars = SIMULATED.map(({ fleets, clusters, pushesADay, followersShare }) => {
    const fleet = {
      clusters: clusters / fleets,
      pushesADay,
      followersShare,
      sweepMinutes: 15,
      syncs: 1,
      images: 20,
    };
    return whole(fleets * billOf(fleet, MEASURED, PRICES, QUOTAS).dollarsADay.total);
  });
  return tableOf(head, [...rows, ['$ a day, if the quotas allowed it', ...dollars, '']]);
}

function useOf(limit: Limit | undefined): string {
  const use = limit?.use ?? 0;
  if (use > 1) return `**${use < 10 ? use.toFixed(1) : whole(use)} ×**`;
  return use < 0.01 ? '< 1 %' : `${Math.round(use * 100)} %`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const rule = head.map((name) => (name === 'limit' || name === 'then' ? '---' : '---:'));
  return [head, rule, ...rows].map(line).join('');
}
