/** A config as on Google Cloud that leads nowhere: tests and benchmarks start the image's functions with it. */
export const WARM_CONFIG = `apiVersion: countersign.dev/v1
fleet:
  gkeHub: { projects: [warm-up] }
images:
  - { match: europe-docker.pkg.dev/warm-up/configs/**, trust: release }
trust:
  release:
    authorities:
      - name: release-key
        key:
          kms: gcpkms://projects/warm-up/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1
store: { firestore: { project: warm-up, database: warm-up } }
topics:
  tasks: projects/warm-up/topics/tasks
  sweepTasks: projects/warm-up/topics/sweep-tasks
  resyncTasks: projects/warm-up/topics/resync-tasks
  status: projects/warm-up/topics/status
  deadLetters: projects/warm-up/topics/dead-letters
access:
  push: { mode: iam, audience: https://push.example, emails: [push@warm-up.iam.gserviceaccount.com] }
  cluster: { mode: iam, audience: https://cluster.example, emails: [push@warm-up.iam.gserviceaccount.com] }
  sweep: { mode: iam, audience: https://sweep.example, emails: [sweep@warm-up.iam.gserviceaccount.com] }
  admission: { mode: verify, audience: https://admission.example, emails: [webhook@warm-up.iam.gserviceaccount.com] }
  api: { mode: verify, audience: https://api.example, viewers: [dev@acme.example], invokers: [] }
`;
