import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamPage } from './iam-page.ts';

// `npx node test/terraform/write-iam.ts`: writes docs/iam.md from infra/terraform/iam.json.
writeFileSync(join(import.meta.dirname, '../../docs/iam.md'), iamPage());
