import { startRegistry } from '#infra/local/registry/start-registry.ts';
import { registryContract } from './suite.ts';

registryContract({
  name: 'embedded registry',
  start: () => startRegistry({ port: 0 }),
  capabilities: new Set([
    'delete-tag',
    'grammar-errors',
    'ordered-chunks',
    'referrers',
    'tags-paging',
  ]),
});
