import { clusterStep } from './cluster-steps.ts';
import type { Command, Step } from './step.ts';

const TERRAFORM = 'terraform -chdir=terraform/examples/single-project';
const VARIABLES = `-no-color -input=false -var=project_id=$PROJECT -var=region=$REGION '-var=people=["$ACCOUNT"]'`;
const SIGN = 'cosign sign --yes --key=$KEY --tlog-upload=false --use-signing-config=false';
const VERIFY = 'npm run --silent verify -- --config $FOLDER/countersign.yaml';
const NEWEST = `kubectl get rootsync countersign-try --namespace=config-management-system '--output=jsonpath={.metadata.annotations.countersign\\.dev/approved}'`;
const SYNCED = 'kubectl get namespace countersign-try --output=yaml';

/** What the example has no variable for, merged into its call of the module by Terraform itself. */
const OVERRIDE = `module "countersign" {
  readers             = [{ kind = "RootSync", name = "countersign-try" }]
  existing_gcr_topics = "$GCR" == "" ? [] : ["$PROJECT"]
  builder             = { existing_key = "$RING" != "" }
}
`;

const ROOT_SYNC = `apiVersion: configsync.gke.io/v1beta1
kind: RootSync
metadata:
  name: countersign-try
  namespace: config-management-system
spec:
  sourceFormat: unstructured
  sourceType: oci
  oci:
    image: $IMAGE:v1
    dir: .
    auth: k8sserviceaccount
`;

/** A namespace as config, which Config Sync's guide packages as an archive. */
function namespaceOf(revision: string): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: countersign-try
  annotations:
    countersign.dev/try: ${revision}
`;
}

function publish(revision: string, tag: string): readonly Command[] {
  return [
    { run: `tar -cf ${revision}.tar -C ${revision} namespace.yaml` },
    { run: `crane append --new_layer ${revision}.tar --new_tag $IMAGE:${tag}` },
    { run: `crane digest $IMAGE:${tag}`, keep: `DIGEST_${revision.toUpperCase()}` },
  ];
}

/** The event of that type about the digest comes out of the status topic. It stays there for the steps that follow. */
function published(type: string, digest: string): Command {
  return {
    run: `gcloud pubsub subscriptions pull countersign-try --project=$PROJECT --limit=100 --filter=message.attributes.type=${type} --format=value(message.data.decode(base64))`,
    prints: digest,
    minutes: 10,
  };
}

const MACHINE: Step = {
  id: 'machine',
  title: 'The programs are there, and signed in',
  commands: [
    { run: `gcloud version '--format=value("Google Cloud SDK")'`, keep: 'GCLOUD_VERSION' },
    { run: 'terraform version', prints: 'Terraform v1.' },
    { run: 'kubectl version --client', prints: 'Client Version' },
    { run: 'crane version' },
    { run: 'cosign version --json', prints: '"v3.' },
    { run: 'git rev-parse HEAD', at: 'checkout', keep: 'REVISION' },
    { run: 'gcloud config get-value account', prints: '@', keep: 'ACCOUNT' },
    { run: 'gcloud auth application-default print-access-token', secret: true },
  ],
};

const PROJECT: Step = {
  id: 'project',
  title: 'The project has billing, and no Countersign',
  commands: [
    {
      run: 'gcloud billing projects describe $PROJECT --format=value(billingEnabled)',
      prints: 'True',
    },
    {
      run: `gcloud services enable --project=$PROJECT ${[
        'cloudresourcemanager',
        'serviceusage',
        'anthos',
        'anthosconfigmanagement',
        'container',
        'gkehub',
        'connectgateway',
        'pubsub',
        'cloudkms',
        'iam',
        'storage',
      ]
        .map((api) => `${api}.googleapis.com`)
        .join(' ')}`,
    },
    {
      run: `gcloud iam service-accounts list --project=$PROJECT --filter=email~^countersign --format=value(email)`,
      silent: true,
    },
    {
      run: `gcloud pubsub topics list --project=$PROJECT '--filter=name~/topics/gcr$' --format=value(name)`,
      keep: 'GCR',
    },
    {
      run: `gcloud kms keyrings list --project=$PROJECT --location=$REGION '--filter=name~/keyRings/countersign$' --format=value(name)`,
      keep: 'RING',
    },
    {
      run: 'gcloud storage buckets list --project=$PROJECT --filter=name=${PROJECT}_cloudbuild --format=value(name)',
      keep: 'BUCKET',
    },
  ],
};

const APPLY: Step = {
  id: 'apply',
  title: 'One apply makes all of it, and the next plan is empty',
  files: { 'terraform/examples/single-project/try_override.tf': OVERRIDE },
  commands: [
    { run: `${TERRAFORM} init -input=false -no-color` },
    { run: `${TERRAFORM} apply -auto-approve ${VARIABLES}` },
    { run: `${TERRAFORM} plan -detailed-exitcode ${VARIABLES}` },
    { run: `${TERRAFORM} output -raw config`, save: 'countersign.yaml' },
    { run: `${TERRAFORM} output -raw cluster_rbac`, save: 'rbac.yaml' },
    {
      run: 'gcloud pubsub subscriptions create countersign-try --project=$PROJECT --topic=countersign-status',
    },
    {
      run: 'gcloud pubsub subscriptions create countersign-try-letters --project=$PROJECT --topic=countersign-dead-letters',
    },
  ],
  undo: [
    { run: 'gcloud pubsub subscriptions delete countersign-try --project=$PROJECT --quiet' },
    {
      run: 'gcloud pubsub subscriptions delete countersign-try-letters --project=$PROJECT --quiet',
    },
    {
      run: `${TERRAFORM} state rm module.countersign.google_kms_crypto_key.release[0]`,
      unless: 'RING',
    },
    { run: `${TERRAFORM} destroy -auto-approve ${VARIABLES}` },
  ],
};

const BUILD: Step = {
  id: 'build',
  title: 'One build tests, signs and deploys the functions',
  commands: [
    {
      run: 'gcloud builds submit --project=$PROJECT --config=cloudbuild.yaml --substitutions=_REGION=$REGION,_REVISION=$REVISION --service-account=projects/$PROJECT/serviceAccounts/countersign-builder@$PROJECT.iam.gserviceaccount.com --format=value(status)',
      at: 'checkout',
      prints: 'SUCCESS',
    },
  ],
  undo: [{ run: 'gcloud storage rm --recursive gs://${PROJECT}_cloudbuild', unless: 'BUCKET' }],
};

const ADMIT: Step = {
  id: 'admit',
  title: 'The cluster admits Countersign, and preflight finds nothing',
  commands: [
    { run: 'kubectl apply -f rbac.yaml' },
    { run: 'npm run --silent preflight -- $FOLDER/countersign.yaml', at: 'checkout' },
  ],
  undo: [{ run: 'kubectl delete --ignore-not-found -f rbac.yaml' }],
};

/** The way from a push to what runs, as a publisher and a cluster see it. */
const PUSHES: readonly Step[] = [
  {
    id: 'unsigned',
    title: 'A config that is not signed is not verified',
    files: {
      'docker/config.json': '{ "credHelpers": { "$REGION-docker.pkg.dev": "gcloud" } }\n',
      'one/namespace.yaml': namespaceOf('one'),
      'two/namespace.yaml': namespaceOf('two'),
      'three/namespace.yaml': namespaceOf('three'),
    },
    commands: [
      ...publish('one', 'v1'),
      { run: `${VERIFY} $IMAGE:v1`, at: 'checkout', exit: 1, prints: 'Not signed' },
    ],
  },
  {
    id: 'signed',
    title: 'A signature by Cloud KMS makes it verified',
    commands: [
      { run: `${SIGN} $IMAGE@$DIGEST_ONE` },
      { run: `${VERIFY} $IMAGE:v1`, at: 'checkout' },
      published('image.verified', '$DIGEST_ONE'),
    ],
  },
  {
    id: 'sync',
    title: 'A RootSync gets it approved, and Config Sync brings it',
    files: { 'root-sync.yaml': ROOT_SYNC },
    commands: [
      { run: 'kubectl apply -f root-sync.yaml' },
      { run: NEWEST, prints: '$DIGEST_ONE', minutes: 40 },
      { run: SYNCED, prints: 'countersign.dev/try: one', minutes: 15 },
      published('sync.synced', '$DIGEST_ONE'),
    ],
    undo: [
      { run: 'kubectl delete --ignore-not-found -f root-sync.yaml' },
      { run: 'kubectl delete --ignore-not-found namespace countersign-try' },
    ],
  },
  {
    id: 'push',
    title: 'A signed push is approved by its event, and synced',
    commands: [
      ...publish('two', 'next'),
      { run: `${SIGN} $IMAGE@$DIGEST_TWO` },
      { run: 'crane tag $IMAGE@$DIGEST_TWO v1' },
      { run: NEWEST, prints: '$DIGEST_TWO', minutes: 5 },
      { run: SYNCED, prints: 'countersign.dev/try: two', minutes: 10 },
      published('sync.synced', '$DIGEST_TWO'),
    ],
  },
  {
    id: 'refused',
    title: 'An unsigned push is reported, and what runs stays',
    commands: [
      ...publish('three', 'v1'),
      published('image.unsigned', '$DIGEST_THREE'),
      { run: SYNCED, prints: 'countersign.dev/try: two' },
    ],
  },
];

const GATE: Step = {
  id: 'gate',
  title: 'The cluster accepts the gate',
  commands: [
    {
      run: 'npm run --silent gate -- $FOLDER/countersign.yaml --mode warn',
      at: 'checkout',
      save: 'gate.yaml',
    },
    { run: 'kubectl apply -f gate.yaml' },
  ],
  undo: [{ run: 'kubectl delete --ignore-not-found -f gate.yaml' }],
};

const LETTERS: Step = {
  id: 'letters',
  title: 'No message is left that no function could handle',
  commands: [
    {
      run: 'npm run --silent dead-letters -- list --config $FOLDER/countersign.yaml',
      at: 'checkout',
      prints: 'No dead letters',
    },
  ],
};

/**
 * The way of docs/google-cloud.md, from an empty project to a config on a cluster. `membership` is that of an
 * existing cluster; without it the try makes a cluster of its own.
 */
export function trySteps(membership: string | undefined): readonly Step[] {
  const cluster = clusterStep(membership);
  return [MACHINE, PROJECT, cluster, APPLY, BUILD, ADMIT, ...PUSHES, GATE, LETTERS];
}
