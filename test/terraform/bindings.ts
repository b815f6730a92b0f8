import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/** A call that a permission is for: where it is made, and a text of that file. */
const Call = z.strictObject({
  api: z.string(),
  call: z.string(),
  source: z.string(),
  text: z.string(),
  /** Who makes it, where it is not a function. */
  by: z.string().optional(),
});

const Binding = z.strictObject({
  /** Address of the resource in the module. */
  binding: z.string(),
  role: z.string(),
  who: z.string(),
  on: z.string(),
  permissions: z.array(z.string()).min(1),
  calls: z.array(Call).min(1),
  /** What must be asked for; absent: always. */
  when: z.string().optional(),
});

const File = z.strictObject({
  bindings: z.array(Binding),
  withoutPermission: z.array(Call),
});

export type Bindings = z.infer<typeof File>;

/** infra/terraform/iam.json: every binding of the module, with the calls that need it. */
export function readBindings(): Bindings {
  const path = join(import.meta.dirname, '../../infra/terraform/iam.json');
  return File.parse(JSON.parse(readFileSync(path, 'utf8')));
}
