/** What is typed, with the names of the world in braces, and what comes of it. */
export interface Case {
  readonly args: string;
  readonly code: number;
  readonly out?: RegExp;
  readonly err?: RegExp;
  /** In a shell: what its output goes into, or what goes before it. */
  readonly shell?: (command: string) => string;
  readonly env?: Readonly<Record<string, string>>;
}

const WHY = '--reason INC-7';
const DEAD = 'http://127.0.0.1:2';

/** Every verb, in an order in which each finds what it needs. */
export const VERB_CASES: readonly Case[] = [
  { args: 'version', code: 0, out: /^version +\d/ },
  { args: 'completion bash', code: 0, out: /complete -F _countersign/ },
  { args: 'completion csh', code: 2, err: /bash, zsh, fish/ },
  { args: 'man', code: 0, out: /^\.TH COUNTERSIGN/ },
  { args: 'help exit-codes', code: 0, out: /Ctrl-C/ },
  { args: 'help nothing', code: 2, err: /exit-codes/ },
  { args: '--help', code: 0, out: /Usage: countersign/ },
  { args: 'nothing', code: 2, err: /nothing/ },
  { args: 'status', code: 0, out: /^WELL +6 RSyncs on 3 clusters/ },
  { args: 'status -o wide', code: 0, out: /6 RSyncs/ },
  { args: 'status -o yaml', code: 0, out: /^overview:\n {2}state: well/ },
  { args: 'status --quiet', code: 0, out: /^$/ },
  { args: 'status -o json', code: 0, out: /^\{/ },
  { args: 'status --phase failed', code: 0 },
  { args: 'explain cluster-1 root-sync', code: 0, out: /signatures/ },
  { args: 'explain cluster-1 root-sink', code: 2, err: /root-sync/ },
  { args: 'verify {image}', code: 0, out: /Verified by release-key/ },
  { args: 'verify {registry}/configs/platform:unsigned', code: 1, out: /Not signed/ },
  { args: 'verify --local {image} --config {config}', code: 0, out: /Verified by release-key/ },
  { args: 'verify --local {registry}/configs/platform:unsigned --config {config}', code: 1 },
  { args: 'verify --local {image} --config /nowhere.yaml', code: 2, err: /nowhere\.yaml/ },
  { args: 'wait {image}@{digest} --timeout 30s', code: 0 },
  { args: `wait {image}@sha256:${'0'.repeat(64)} --timeout 2s`, code: 3 },
  { args: 'resync --cluster cluster-1', code: 0, out: /1 cluster/ },
  { args: 'resync --cluster cluster-1 --dry-run', code: 0 },
  { args: 'resync', code: 2, err: /--all/ },
  { args: 'resync --image {registry}/configs/none:v1', code: 1 },
  { args: 'rollouts', code: 0, out: /completed/i },
  { args: 'rollout list', code: 0, out: /completed/i },
  { args: 'rollout show {rollout}', code: 0, out: /canary/ },
  { args: 'rollout plan {image}', code: 0, out: /canary/ },
  { args: `rollout pause {rollout} ${WHY}`, code: 0 },
  { args: `rollout resume {rollout} ${WHY}`, code: 0 },
  { args: `rollout abort {rollout} ${WHY}`, code: 1 },
  { args: `rollout approve {rollout} --stage canary ${WHY}`, code: 1 },
  { args: `rollout promote {rollout} --all ${WHY}`, code: 1 },
  { args: `rollout retry {rollout} ${WHY}`, code: 1 },
  { args: `rollout start {image} ${WHY}`, code: 1 },
  { args: `rollout rollback {rollout} ${WHY}`, code: 1 },
  { args: 'rollout pause {rollout}', code: 2, err: /--reason/ },
  { args: `hold cluster-1 root-sync ${WHY}`, code: 0 },
  { args: 'holds', code: 0, out: /INC-7/ },
  { args: `unhold cluster-1 root-sync ${WHY}`, code: 0 },
  { args: 'freezes', code: 0 },
  { args: `freeze --image {image} ${WHY}`, code: 0 },
  { args: 'freezes', code: 1, out: /INC-7/ },
  { args: `unfreeze none ${WHY}`, code: 2, err: /there is f-/ },
  { args: 'history --limit 2', code: 0, out: /TYPE/ },
  { args: 'history --limit 2 -o name', code: 0, out: /^\S+\n\S+\n$/ },
  { args: 'track {image}', code: 2, err: /follows versions/ },
  { args: 'events --since 1h', code: 0, out: /sync\.approved/ },
  { args: 'events --since yesterday', code: 2 },
  { args: 'config check {config}', code: 0, out: /ok/ },
  { args: 'config check /nowhere.yaml', code: 2, err: /nowhere/ },
  { args: 'config check -', code: 1, shell: (command) => `echo fleet: 1 | ${command}` },
  { args: 'config schema', code: 0, out: /countersign\.v1\.json/ },
  {
    args: 'config init new.yaml --kubeconfig {kubeconfig} --image {registry}/configs/** --signing-key {key}',
    code: 0,
  },
  { args: 'config check new.yaml', code: 0, out: /fleet kubeconfig/ },
  { args: 'config init new.yaml', code: 2, err: /--kubeconfig/ },
  { args: 'gate render {config}', code: 0, out: /ValidatingAdmissionPolicyBinding/ },
  // The clusters of the local world have no such resource: they evaluate the gate themselves.
  {
    args: 'gate diff --config {config} --all',
    code: 2,
    out: /cluster-1 .* does not serve validatingadmission/,
  },
  { args: 'gate apply --config {config}', code: 2, err: /--all/ },
  { args: 'preflight {config}', code: 0, out: /refuse nothing/ },
  { args: 'letters list --config {config}', code: 0, out: /No dead letters/ },
  { args: 'letters replay --config {config}', code: 0 },
  { args: 'letters drop --config {config}', code: 2, err: /--all/ },
  { args: 'context add prod --url https://countersign.example', code: 0 },
  { args: 'context add here --url {url}', code: 0 },
  { args: 'context list', code: 0, out: /countersign\.example/ },
  { args: 'context use here', code: 0 },
  { args: 'context show', code: 0, out: /here/ },
  { args: 'status --context here', code: 0 },
  { args: 'context remove prod', code: 0 },
  { args: 'context use prod', code: 2, err: /here/ },
  { args: 'local up', code: 2, err: /Node 24/ },
  { args: 'local demo', code: 2, err: /Node 24/ },
  { args: 'local stop push', code: 2, err: /Node 24/ },
  { args: 'local start push', code: 2, err: /Node 24/ },
];

/** Ways in which its output is used, and the API is not what it should be. */
export const WAY_CASES: readonly Case[] = [
  { args: 'status', code: 0, shell: (command) => `${command} | cat`, out: /6 RSyncs/ },
  // What is printed is more than a pipe holds, and its reader goes away.
  {
    args: 'config schema',
    code: 0,
    shell: (command) => `set +o pipefail; ${command} | head -c 10; echo "$PIPESTATUS"`,
    out: /141/,
  },
  {
    args: 'status',
    code: 0,
    shell: (command) => `${command} > status.txt; cat status.txt`,
    out: /6 RSyncs/,
  },
  { args: 'status', code: 0, shell: (command) => `${command} < /dev/null`, out: /6 RSyncs/ },
  { args: 'status', code: 0, shell: (command) => `${command} 2>&1 >/dev/null`, out: /^$/ },
  { args: 'status', code: 0, env: { NO_COLOR: '1' } },
  { args: 'status', code: 0, env: { TERM: 'dumb' } },
  { args: `status --url ${DEAD}`, code: 2, err: /127\.0\.0\.1:2 .*does not answer/ },
  { args: 'status --url {host}', code: 2, err: /http:\/\// },
  { args: 'status --url http://countersign.example', code: 2, err: /https/ },
  { args: 'status', code: 2, env: { COUNTERSIGN_URL: DEAD }, err: /does not answer/ },
  { args: 'status --url {guarded}', code: 2, err: /COUNTERSIGN_TOKEN|--token/ },
  { args: 'status --url {guarded} --token expired', code: 2, err: /expired/ },
  { args: 'status --url {guarded} --token good', code: 0, out: /3 clusters/ },
  { args: 'status --url {guarded}', code: 0, env: { COUNTERSIGN_TOKEN: 'good' } },
  { args: "status --url {guarded} --token-command 'echo good'", code: 0 },
  {
    args: "status --url {guarded} --token-command 'exit 7'",
    code: 2,
    err: /token command failed/i,
  },
];
