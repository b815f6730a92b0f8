import { approved, bad, glass, good, live, sync } from '#test/fixtures/gate/case.ts';
import { digestOf, IMAGE, rootSync } from '#test/fixtures/rsync-manifests.ts';
import { identity, oncall, root } from './actors.ts';
import type { Attack } from './attack.ts';
import { attack, passes, refusal } from './row.ts';
import { annotate } from './writes.ts';

const rules = ['announcement'] as const;
const many = Array.from({ length: 20 }, (_, index) => `sha256:${String(index).padStart(64, '0')}`);

/** Approvals that Countersign does not write: read in two ways, they admit what only one reader sees. */
const TEXTS: readonly (readonly [name: string, text: string, announced: string])[] = [
  ['sixteen-spaces', `${good}${' '.repeat(16)}${bad}`, bad],
  ['sixteen-spaces-good', `${good}${' '.repeat(16)}${bad}`, good],
  ['two-spaces', `${good}  ${bad}`, bad],
  ['space-before', ` ${bad}`, bad],
  ['space-after', `${bad} `, bad],
  ['tab', `${good}\t${bad}`, bad],
  ['line-feed', `${good}\n${bad}`, bad],
  ['carriage-return', `${good}\r\n${bad}`, bad],
  ['no-break-space', `${good}\u00a0${bad}`, bad],
  ['ideographic-space', `${good}\u3000${bad}`, bad],
  ['line-separator', `${good}\u2028${bad}`, bad],
  ['comma', `${good},${bad}`, bad],
  ['comma-and-space', `${good}, ${bad},`, bad],
  ['json', JSON.stringify([good, bad]), bad],
  ['quotes', `"${bad}"`, bad],
  ['upper-case', bad.toUpperCase(), bad],
  ['without-algorithm', bad.slice(7), bad],
  ['with-image', `${IMAGE}@${bad}`, bad],
  ['star', '*', bad],
  ['prefix', 'sha256:', bad],
  ['empty', '', bad],
  ['blank', ' ', bad],
  ['seventeenth', [...many, bad].join(' '), bad],
  ['fifth', [...many.slice(0, 4), bad].join(' '), bad],
  ['first-of-many', [bad, ...many].join(' '), bad],
  ['thousands', [...Array.from({ length: 3000 }, () => good), bad].join(' '), bad],
];

/** What an unread rest of an announcement could be taken for. */
const GLASSES: readonly (readonly [name: string, text: string])[] = [
  ['empty', ''],
  ['blank', ' '],
  ['space-before', ` ${bad} the registry is down`],
  ['tab-after', `${bad}\tthe registry is down`],
  ['line-feed-after', `${bad}\nthe registry is down`],
  ['comma-after', `${bad}, the registry is down`],
  ['second-item', `${good} ${bad}`],
  ['star', '* everything is down'],
  ['prefix', 'sha256: down'],
  ['upper-case', `${bad.toUpperCase()} down`],
  ['image', `${IMAGE}@${bad} down`],
  ['tag', `${IMAGE} down`],
  ['json', JSON.stringify({ digest: bad, reason: 'down' })],
];

/** Texts of approvals and of break-glass that mean less than they seem to. */
export const approvalRows: readonly Attack[] = [
  ...TEXTS.map(([name, text, announced]) =>
    refusal(
      name,
      { fault: 'approval-text', rules, given: [rootSync({ 'countersign.dev/approved': text })] },
      root,
      annotate(rootSync(), sync(announced)),
    ),
  ),
  ...GLASSES.map(([name, text]) =>
    refusal(
      `text/${name}`,
      {
        fault: 'break-glass',
        rules,
        given: [rootSync({ ...approved(good), 'countersign.dev/break-glass': text })],
      },
      root,
      annotate(rootSync(), sync(bad)),
    ),
  ),
  ...[oncall.toUpperCase(), `${oncall}.evil.example`, `x${oncall}`, 'oncall'].map((user, index) =>
    refusal(
      `user-${index}`,
      { fault: 'look-alike-user', rules: ['break-glass'], given: [rootSync()] },
      user,
      annotate(rootSync(), glass(bad)),
    ),
  ),
  attack(
    'glass-removed-again',
    { fault: 'break-glass', rules, given: [rootSync(approved(good))] },
    [
      passes(oncall, annotate(rootSync(), glass(bad))),
      passes(root, annotate(rootSync(), sync(bad))),
      passes(oncall, annotate(rootSync(), { 'countersign.dev/break-glass': null })),
      { as: root, write: annotate(rootSync(), sync(bad)), expect: 'refused' },
    ],
  ),
  // Not an attack: what Countersign writes, four items at most.
  attack('four-of-countersign', { fault: 'approval-text', rules: [], given: [rootSync()] }, [
    passes(identity, annotate(rootSync(), approved(good, live, digestOf('1'), digestOf('2')))),
    passes(root, annotate(rootSync(), sync(digestOf('2')))),
  ]),
];
