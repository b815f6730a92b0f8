import { type Bindings, readBindings } from './bindings.ts';

type Call = Bindings['withoutPermission'][number];

const HEAD = `# Every permission, and the call that needs it

What [infra/terraform](../infra/terraform) grants, and nothing else is granted anywhere. The list is infra/terraform/iam.json; tests hold it to the module and to the code, both ways: each binding is here, and each call is in the file named beside it. The example of one project grants one role more, beside the module: \`roles/iam.serviceAccountTokenCreator\` on the account that calls the API, to \`people\` ([google-cloud.md](google-cloud.md#6-ask-the-api)).

Each function runs as an account of its own, and is called by an account of its own: \`countersign-push\`, \`countersign\` (the function cluster, whom the clusters know), \`countersign-sweep\`, \`countersign-history\`, \`countersign-api\`, \`countersign-admission\`; called by \`countersign-events\`, \`countersign-tasks\`, \`countersign-clock\`, \`countersign-status\`. In the clusters they have what [infra/kubernetes/rbac](../infra/kubernetes/rbac) gives them.

`;

/** docs/iam.md, whole. */
export function iamPage(): string {
  const { bindings, withoutPermission } = readBindings();
  const sections = bindings.map(
    ({ binding, role, who, on, permissions, calls, when }) =>
      `## ${binding.replace(/^google_/, '').replace('.', ': ')}

| | |
|---|---|
| role | ${role} |
| who | ${who} |
| on | ${on} |
| permissions used | ${permissions.map((name) => `\`${name}\``).join(', ')} |
${calls.map((call) => `| call | ${callOf(call)} |`).join('\n')}
${when === undefined ? '' : `| only with | ${when} |\n`}`,
  );
  return `${HEAD}<!-- generated: npx node test/terraform/write-iam.ts -->

${sections.join('\n')}
## Calls that need no permission

${withoutPermission.map((call) => `- ${callOf(call)}`).join('\n')}

<!-- /generated -->
`;
}

function callOf({ api, call, source, by }: Call): string {
  const caller = by === undefined ? '' : `, by ${by}`;
  return `${api}: ${call.replaceAll('|', '\\|')} ([${source}](../${source})${caller})`;
}
