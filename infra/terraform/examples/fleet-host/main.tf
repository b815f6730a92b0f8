# Countersign in a project of its own, two fleets elsewhere, and configs in the repositories of three teams.

terraform {
  required_version = ">= 1.9.0"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.21.0, < 8.0.0"
    }
  }
}

provider "google" {
  project = "acme-countersign"
  region  = "europe-west1"
}

module "countersign" {
  source     = "../.."
  project_id = "acme-countersign"
  region     = "europe-west1"
  labels     = { team = "platform" }

  fleet = {
    projects       = ["acme-fleet-prod", "acme-fleet-staging"]
    label_selector = "env in (staging, prod)"
  }

  images = [
    # In stages, each by the digest that the one before has shown to work.
    { match = "europe-docker.pkg.dev/acme-platform/configs/**", trust = "release", rollout = "fleet" },
    # Declared by the payments team's own RootSync, which would put a pin back: there the gate alone decides.
    { match = "europe-docker.pkg.dev/acme-payments/configs/**", trust = "payments", effect = "gate", clusters = "tier != sandbox" },
    # Charts, each on the exact version that its RSync names.
    { match = "europe-west1-docker.pkg.dev/acme-data/charts/*", trust = "release", downgrade = "deny" },
  ]
  trust = {
    release = {
      require = 2
      authorities = [
        {
          name = "release-key"
          key  = { kms = "gcpkms://projects/acme-keys/locations/europe/keyRings/release/cryptoKeys/configs/cryptoKeyVersions/3" }
        },
        {
          name = "ci"
          keyless = {
            issuer  = "https://token.actions.githubusercontent.com"
            subject = "https://github.com/acme/configs/.github/workflows/release.yaml@refs/heads/main"
          }
        },
      ]
      attestations = [{
        predicate_type = "https://slsa.dev/provenance/v1"
        where          = { "buildDefinition.buildType" = "https://actions.github.io/buildtypes/workflow/v1" }
      }]
      signature_repository = "europe-docker.pkg.dev/acme-platform/signatures"
    }
    payments = {
      authorities = [{
        name        = "payments-key"
        key         = { kms = "gcpkms://projects/acme-payments/locations/europe-west1/keyRings/release/cryptoKeys/configs/cryptoKeyVersions/1" }
        annotations = { env = "prod" }
      }]
    }
  }
  records = { history_days = 400 }
  rollouts = {
    strategies = {
      fleet = {
        stages = [
          { name = "canary", clusters = "ring = canary", max_concurrency = "100%", soak = "1h", if_empty = "wait" },
          { name = "early", clusters = "env = staging", max_failures = "5%", soak = "4h", approval = { approvers = ["lead@acme.example"] } },
          { name = "rest", max_concurrency = "10%", windows = "office" },
        ]
        on_failure = "rollback"
      }
    }
    windows = {
      office = { time_zone = "Europe/Berlin", weekly = [{ days = ["mon", "tue", "wed", "thu"], from = "09:00", to = "16:00" }] }
    }
    freezes = [{ name = "year-end", time_zone = "Europe/Berlin", from = "2026-12-18 18:00", to = "2027-01-04 08:00", clusters = "env = prod" }]
  }
  # This team had Container Registry: its topic is there already.
  existing_gcr_topics = ["acme-payments"]

  readers = [
    { kind = "RootSync", name = "root-sync" },
    { kind = "RootSync", name = "platform" },
    {
      kind         = "RepoSync"
      namespace    = "payments"
      name         = "payments"
      repositories = ["europe-docker.pkg.dev/acme-payments/configs"]
    },
    # A cluster with Config Sync before 1.17.2, or with a Google service account for other reasons.
    { kind = "RootSync", name = "legacy", google_service_account = "config-reader@acme-fleet-prod.iam.gserviceaccount.com" },
  ]

  api = {
    mode      = "iap"
    viewers   = ["dev@acme.example"]
    invokers  = ["ops@acme.example"]
    approvers = ["lead@acme.example"]
  }
  break_glass           = ["oncall@acme.example"]
  operators             = ["group:platform-oncall@acme.example"]
  notification_channels = ["projects/acme-countersign/notificationChannels/1234567890"]
  history               = { location = "EU", days = 730 }
  tracing               = true

  # infra/examples/alerts
  status_subscriptions = {
    alerts = {
      push = {
        endpoint        = "https://countersign-alerts-123456789012.europe-west1.run.app"
        audience        = "countersign-alerts"
        service_account = "alerts@acme-countersign.iam.gserviceaccount.com"
      }
    }
    payments = { filter = "hasPrefix(attributes.image, \"europe-docker.pkg.dev/acme-payments/\")" }
  }

  # A second of cold start is too much for a push here, and 3,000 clusters are not slower with one instance.
  instances = {
    push    = { min = 1 }
    cluster = { min = 1, max = 1 }
  }
}

output "config" {
  value = module.countersign.config
}
