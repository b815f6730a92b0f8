import { cutText } from '#shared/core/foreign-text.ts';
import type { UnusableReason } from '#shared/core/verdict.ts';

/** Why content cannot be used. Thrown within a reading alone: `createContentReader` makes a verdict of it. */
export class ContentProblem extends Error {
  override readonly name = 'ContentProblem';
  readonly reason: UnusableReason;

  constructor(reason: UnusableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

export function notTar(problem: string): ContentProblem {
  return new ContentProblem('layer-not-tar', problem);
}

export function unsafe(name: string, problem: string): ContentProblem {
  return new ContentProblem('unsafe-entry', `entry ${quote(name)} ${problem}`);
}

/** A name of a tenant, for people: cut, and with everything that is not printable escaped. */
export function quote(name: string): string {
  const cut = name.length > MAX_SHOWN ? `${cutText(name, MAX_SHOWN)}…` : name;
  // By its number: of a bundle with a character beyond Latin-1, V8 keeps each in two bytes.
  return JSON.stringify(cut).replace(/[^\x20-\x7e\u2026]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

const MAX_SHOWN = 120;
