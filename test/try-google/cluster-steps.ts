import type { Command, Step } from './step.ts';

const CREDENTIALS: Command = {
  run: 'gcloud container fleet memberships get-credentials $MEMBERSHIP --location=$LOCATION --project=$PROJECT',
};
const CONFIG_SYNC: Command = {
  run: 'kubectl get customresourcedefinition rootsyncs.configsync.gke.io',
  minutes: 20,
};
const OF_FLEET = 'gcloud beta container fleet config-management';
const PLACE = '--location=$REGION --project=$PROJECT';

const EXISTING: Step = {
  id: 'cluster',
  title: 'The cluster is reached by Connect Gateway, and has Config Sync',
  commands: [CREDENTIALS, CONFIG_SYNC],
};

const OWN: Step = {
  id: 'cluster',
  title: 'A cluster is made, registered, and has Config Sync',
  files: {
    'config-sync.yaml': 'applySpecVersion: 1\nspec:\n  configSync:\n    enabled: true\n',
  },
  commands: [
    { run: `gcloud container clusters create-auto $MEMBERSHIP ${PLACE} --fleet-project=$PROJECT` },
    { run: `${OF_FLEET} enable --project=$PROJECT` },
    {
      run: `${OF_FLEET} apply --membership=$MEMBERSHIP --location=$LOCATION --config=config-sync.yaml --project=$PROJECT`,
    },
    CREDENTIALS,
    CONFIG_SYNC,
  ],
  undo: [
    {
      run: 'gcloud container fleet memberships delete $MEMBERSHIP --location=$LOCATION --project=$PROJECT --quiet',
    },
    { run: `gcloud container clusters delete $MEMBERSHIP ${PLACE} --quiet` },
  ],
};

/** A cluster with Config Sync that kubectl reaches by Connect Gateway: an existing one, or one of the try's own. */
export function clusterStep(membership: string | undefined): Step {
  return membership === undefined ? OWN : EXISTING;
}
