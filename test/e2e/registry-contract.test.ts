import { registryContract } from '#test/contract/registry/suite.ts';
import { startDockerRegistry } from './tools/docker-registry.ts';

// 2.8.2 has none of the capabilities: it came before distribution 1.1, and ignores a chunk's Content-Range.
registryContract({
  name: "Debian's docker-registry",
  start: startDockerRegistry,
  capabilities: new Set(),
});
