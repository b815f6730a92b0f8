/** One call of a tool, what it must end with, and what it must print. */
export interface ToolCall {
  readonly tool: 'kubectl' | 'helm';
  readonly args: string;
  readonly input?: string;
  readonly code?: number;
  readonly prints: RegExp;
}

const NAMESPACE = 'tool-a';

function settings(data: string, more = ''): string {
  return [
    'apiVersion: v1',
    'kind: ConfigMap',
    `metadata: { name: applied, namespace: ${NAMESPACE} }`,
    `data: { ${data} }`,
    more,
  ].join('\n');
}

function repoSync(name: string, spec: string): string {
  return [
    'apiVersion: configsync.gke.io/v1beta1',
    'kind: RepoSync',
    `metadata: { name: ${name}, namespace: ${NAMESPACE}, labels: { set: tools } }`,
    `spec: { sourceType: oci, oci: { auth: none, ${spec} } }`,
  ].join('\n');
}

const kubectl = (args: string, prints: RegExp, rest: Partial<ToolCall> = {}): ToolCall => ({
  tool: 'kubectl',
  args,
  prints,
  ...rest,
});
const helm = (args: string, prints: RegExp): ToolCall => ({ tool: 'helm', args, prints });
const refused = (input: string): Partial<ToolCall> => ({ input, code: 1 });
const IN = `-n ${NAMESPACE}`;
const LISTED = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'listed', namespace: NAMESPACE },
  data: { a: 'b' },
};
const MAY_I = {
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  spec: { resourceAttributes: { verb: 'patch', resource: 'rootsyncs' } },
};
const BARE_TLS = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bare', namespace: NAMESPACE },
  type: 'kubernetes.io/tls',
};

/** In this order: later calls work on what earlier ones made. `CHART` is the folder of a chart. */
export const TOOL_CALLS: readonly ToolCall[] = [
  kubectl(`create namespace ${NAMESPACE}`, /namespace\/tool-a created/),
  kubectl(`create namespace ${NAMESPACE}`, /namespaces "tool-a" already exists/, { code: 1 }),
  kubectl(`create configmap settings --from-literal=a=b ${IN}`, /configmap\/settings created/),
  kubectl(`create secret generic key --from-literal=a=b ${IN}`, /secret\/key created/),
  kubectl('create -f -', /configmap\/commented created/, {
    input: `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: commented, namespace: ${NAMESPACE} }\ndata:\n  # a: b\n`,
  }),
  kubectl(`get secret key ${IN} -o jsonpath={.data.a}`, /^Yg==$/),
  kubectl(`get configmaps ${IN}`, /^NAME +DATA +AGE\n(.*\n)*settings +1 /),
  kubectl(`label configmap settings x=y ${IN}`, /configmap\/settings labeled/),
  kubectl(
    `label configmap settings _x=y ${IN}`,
    /metadata.labels: Invalid value: "_x": name part/,
    {
      code: 1,
    },
  ),
  kubectl(`get all ${IN}`, /No resources found/),
  kubectl(`annotate configmap settings x=y ${IN}`, /configmap\/settings annotated/),
  kubectl(`patch configmap settings ${IN} -p {"data":{"c":"d"}}`, /patched/),
  kubectl(
    `patch configmap settings ${IN} -p {"metadata":{"finalizers":["x.io/a"]}}`,
    /configmap\/settings patched/,
  ),
  kubectl(
    `patch configmap settings ${IN} -p {"metadata":{"finalizers":["x.io/b"]}} -o jsonpath={.metadata.finalizers}`,
    /^\["x.io\/b","x.io\/a"\]$/,
  ),
  kubectl(
    `patch configmap settings ${IN} -p {"metadata":{"finalizers":null}}`,
    /configmap\/settings patched/,
  ),
  kubectl('apply -f -', /configmap\/listed created/, {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [LISTED] }),
  }),
  kubectl('apply --server-side -f -', /configmap\/listed serverside-applied/, {
    input: JSON.stringify({ ...LISTED, data: { a: 'c' } }),
  }),
  kubectl('create -f -', /data\[tls.crt\]: Required value/, refused(JSON.stringify(BARE_TLS))),
  kubectl('apply -f -', /configmap\/applied created/, { input: settings('a: b') }),
  kubectl('apply -f -', /configmap\/applied configured/, { input: settings('a: c') }),
  kubectl('diff -f -', /^\+ +a: d$/m, refused(settings('a: d'))),
  kubectl('apply -f -', /unknown field "datum"/, refused(settings('a: c', 'datum: {}'))),
  kubectl('apply --validate=warn -f -', /Warning: unknown field "datum"/, {
    input: settings('a: c', 'datum: {}'),
  }),
  kubectl(
    'apply --server-side -f - --field-manager=pipeline',
    /conflict with "kubectl-client-side-apply" using v1: \.data\.a/,
    refused(settings('a: e')),
  ),
  kubectl(
    'apply --server-side --force-conflicts -f - --field-manager=pipeline',
    /serverside-applied/,
    { input: settings('a: e') },
  ),
  kubectl(
    `get configmap applied ${IN} --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}`,
    /^pipeline$/,
  ),
  kubectl('replace -f -', /configmap\/applied replaced/, { input: settings('a: f') }),
  kubectl('create -f -', /reposync.configsync.gke.io\/one created/, {
    input: repoSync('one', 'image: "x:v1"'),
  }),
  kubectl(
    'apply -f -',
    /unknown field "spec.oci.tag"/,
    refused(repoSync('two', 'image: "x:v1", tag: v1')),
  ),
  kubectl('apply -f -', /spec.oci.image: Required value/, refused(repoSync('two', 'dir: x'))),
  kubectl('apply --server-side -f -', /serverside-applied/, {
    input: repoSync('two', 'image: "x:v1"'),
  }),
  kubectl(`wait reposync/two ${IN} --for=jsonpath={.spec.oci.image}=x:v1`, /condition met/),
  kubectl(
    `patch reposync two ${IN} --type=merge --subresource=status -p {"status":{"observedGeneration":1}}`,
    /patched/,
  ),
  kubectl(`describe reposync two ${IN}`, /Observed Generation: +1/),
  kubectl('explain reposync.spec.oci', /FIELD: oci <Object>[\s\S]*image\t<string> -required-/),
  kubectl('explain configmap.data', /FIELD: data <map\[string\]string>/),
  kubectl('explain namespace.metadata.finalizers', /<\[\]string>/),
  kubectl('explain rootsync.spec.nothing', /field "nothing" does not exist/, { code: 1 }),
  kubectl('api-resources --api-group=configsync.gke.io', /reposyncs .* RepoSync\n/),
  kubectl('api-versions', /^configsync.gke.io\/v1alpha1$/m),
  kubectl('auth can-i patch rootsyncs', /^yes\n$/),
  kubectl('create -f - -o jsonpath={.status.allowed}', /^true$/, { input: JSON.stringify(MAY_I) }),
  kubectl('auth can-i --list', /^\*\.\* +\[\] +\[\] +\[\*\]$/m),
  kubectl('auth whoami', /^Username +dev@acme.example$/m),
  kubectl('get --raw=/readyz', /^ok$/),
  kubectl(`delete reposync -l set=tools ${IN}`, /"one" deleted(.*)\n.*"two" deleted/),
  helm(`install one CHART ${IN}`, /STATUS: deployed/),
  helm(`upgrade one CHART ${IN} --set color=red`, /REVISION: 2/),
  helm(`upgrade one CHART ${IN} --set color=red --dry-run=server`, /REVISION: 3/),
  helm(`rollback one 1 ${IN}`, /Rollback was a success/),
  helm(`history one ${IN} --max 1`, /Rollback to 1/),
  kubectl(`get reposync one ${IN} -o jsonpath={.spec.oci.image}`, /^x:blue$/),
  helm(`list ${IN} -q`, /^one\n$/),
  helm(`uninstall one ${IN} --wait`, /release "one" uninstalled/),
  kubectl(`delete configmap,secret --all ${IN}`, /secret "key" deleted/),
  kubectl(`get configmap settings ${IN}`, /configmaps "settings" not found/, { code: 1 }),
  kubectl(`delete namespace ${NAMESPACE} --wait=false`, /namespace "tool-a" deleted/),
];
