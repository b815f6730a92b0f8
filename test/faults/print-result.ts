import type { CampaignResult } from './campaign.ts';

/** A result for people: what happened, what was violated, and how to see it again; so many stories are printed whole. */
export function printResult(
  { seed, trace, counts, violations, virtualMs, wallMs }: CampaignResult,
  stories: number,
): string {
  const lines = Object.entries(counts).map(([name, count]) => `  ${name.padEnd(44)} ${count}`);
  lines.push(`  ${'virtual time'.padEnd(44)} ${(virtualMs / 3_600_000).toFixed(2)} h`);
  lines.push(`  ${'wall time'.padEnd(44)} ${(wallMs / 1000).toFixed(1)} s`);
  lines.push(
    `seed ${seed}, trace ${trace}: ${violations.length === 0 ? 'all checks hold' : 'VIOLATED'}`,
  );
  for (const [index, { check, what, story }] of violations.entries()) {
    lines.push('', `${index + 1}. ${check}`, `   ${what}`);
    if (index < stories) lines.push(...story.map((step) => `     ${step}`));
  }
  return `${lines.join('\n')}\n`;
}
