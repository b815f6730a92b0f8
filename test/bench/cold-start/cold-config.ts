/** A config as a deployment on Google Cloud has it, that leads nowhere: nothing is asked of it. */
export const COLD_CONFIG = `apiVersion: countersign.dev/v1
fleet:
  gkeHub: { projects: [bench] }
images:
  - { match: europe-docker.pkg.dev/bench/configs/**, trust: release }
trust:
  release:
    authorities:
      - name: release-key
        key:
          kms: gcpkms://projects/bench/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1
store: { firestore: { project: bench, database: bench } }
records: { firestore: { project: bench, database: bench-records } }
history: { days: 30 }
topics:
  tasks: projects/bench/topics/tasks
  sweepTasks: projects/bench/topics/sweep-tasks
  resyncTasks: projects/bench/topics/resync-tasks
  status: projects/bench/topics/status
  deadLetters: projects/bench/topics/dead-letters
access:
  push: { mode: iam, audience: https://push.example, emails: [push@bench.iam.gserviceaccount.com] }
  cluster: { mode: iam, audience: https://cluster.example, emails: [push@bench.iam.gserviceaccount.com] }
  sweep: { mode: iam, audience: https://sweep.example, emails: [sweep@bench.iam.gserviceaccount.com] }
  history: { mode: iam, audience: https://history.example, emails: [push@bench.iam.gserviceaccount.com] }
  api: { mode: verify, audience: https://api.example, viewers: [dev@acme.example], invokers: [] }
  admission: { mode: none }
`;
