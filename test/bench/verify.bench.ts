import { benchCosign } from './verify/cosign.ts';
import { benchImports } from './verify/imports.ts';
import { benchKeyless } from './verify/keyless.ts';
import { benchKeys } from './verify/keys.ts';

await benchKeys();
await benchKeyless();
await benchImports();
await benchCosign();
