import * as z from 'zod';
import { toFailure } from '#shared/core/errors.ts';
import { parseSelector } from '#shared/core/label-selector.ts';
import { finding } from './check.ts';
import { MAX_SELECTOR } from './limits.ts';

/** A label selector that says something: an empty one would select everything, which is what leaving it out says. */
export function selectorSchema(): z.ZodString {
  return z
    .string()
    .max(MAX_SELECTOR)
    .superRefine(
      finding(function* parses(text) {
        if (typeof text !== 'string') return;
        const fix = 'Write a Kubernetes label selector such as "env in (staging, prod)"';
        if (text.trim() === '') {
          yield {
            kind: 'bad-value',
            problem: 'Is an empty selector',
            fix: `${fix}, or leave it out`,
          };
          return;
        }
        try {
          parseSelector(text);
        } catch (error) {
          yield { kind: 'bad-value', problem: toFailure(error).message, fix };
        }
      }),
    );
}
