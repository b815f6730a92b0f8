import { type Bindings, readBindings } from './bindings.ts';

type Binding = Bindings['bindings'][number];

const HEAD = `# Permissions on Google Cloud

For security reviewers and for operators who grant roles by hand. You learn which roles the [Terraform module](../infra/terraform) grants, to which account, on what, and which permissions of them are used. The call and the line of code behind each are in [iam.json](../infra/terraform/iam.json). A condition in parentheses is the variable, or the case, in which a role is granted.

The module grants nothing else. The example of one project adds one role: \`roles/iam.serviceAccountTokenCreator\` on the account that calls the API, for \`people\` ([google-cloud.md](google-cloud.md#6-ask-the-api)).

Each function runs as its own account: \`countersign-push\`, \`countersign\` (the function cluster: clusters know this account), \`countersign-sweep\`, \`countersign-history\`, \`countersign-api\`, \`countersign-admission\`. Four accounts call them: \`countersign-events\`, \`countersign-tasks\`, \`countersign-clock\`, \`countersign-status\`. Their rights in clusters are in [infra/kubernetes/rbac](../infra/kubernetes/rbac).

`;

/** docs/iam.md, whole: a list for each account or group of accounts. */
export function iamPage(): string {
  const { bindings, withoutPermission } = readBindings();
  const groups = [...Map.groupBy(bindings, ({ who }) => who)];
  return `${HEAD}<!-- generated: npx node test/terraform/write-iam.ts -->

${groups.map(([who, granted]) => sectionOf(who, granted)).join('\n\n')}

## Calls without a permission

${withoutPermission.map(({ api, call }) => `- ${api}: ${call}`).join('\n')}

<!-- /generated -->
`;
}

function sectionOf(who: string, granted: readonly Binding[]): string {
  const rows = granted.map(({ role, on, permissions, when }) => {
    const used = permissions.map((name) => `\`${name}\``).join(', ');
    const name = role.replace('google_project_iam_custom_role.', '');
    return `- **${name}** on ${on}${when === undefined ? '' : ` (${when})`}: ${used}`;
  });
  return `## ${who.charAt(0).toUpperCase()}${who.slice(1)}\n\n${rows.join('\n')}`;
}
