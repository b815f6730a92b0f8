const CLONE = 'test/e2e/docs-clone.test.ts';
const GATE = 'test/e2e/docs-gate.test.ts';
const SERVICE = 'test/service/docs-commands.test.ts';

/** Which test runs the block `<!-- run: id -->`. A block without a test, and a test without a block, is an error. */
export const RUN_BY: Readonly<Record<string, string>> = {
  'webhook-keys': 'test/e2e/admission-manifests.test.ts',
  'webhook-apply': 'test/e2e/admission-manifests.test.ts',
  'readme-two-commands': CLONE,
  'readme-commands': CLONE,
  'quick-start-demo': CLONE,
  'quick-start-local': CLONE,
  'quick-start-names': CLONE,
  'quick-start-push': CLONE,
  'quick-start-refused': CLONE,
  'quick-start-explain': CLONE,
  'quick-start-sign': CLONE,
  'quick-start-annotations': CLONE,
  'quick-start-forge': CLONE,
  'quick-start-sign-first': CLONE,
  'quick-start-wrong-key': CLONE,
  'quick-start-status': CLONE,
  'quick-start-resync': CLONE,
  'quick-start-events': CLONE,
  'api-commands': CLONE,
  'dead-letters-commands': CLONE,
  'restore-resync': CLONE,
  'gate-preflight': GATE,
  'gate-warn': GATE,
  'gate-deny': GATE,
  'gate-delete': GATE,
  'upgrade-diff': GATE,
  'uninstall-gate': GATE,
  'uninstall-webhook': GATE,
  'uninstall-rbac': GATE,
  'uninstall-annotations': GATE,
  'config-check': SERVICE,
  'config-schema': SERVICE,
};
