# Every validation, by a value that it must refuse; several variables in a run, for each run is a plan. A test sees to it
# that every validation is among them (test/unit/infra/terraform/module.test.ts).

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project_id = "acme-prod"
  region     = "us-central1"
  images     = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release" }]
  trust      = { release = { authorities = [{ name = "release-key", key = { pem = "-----BEGIN PUBLIC KEY-----" } }] } }
  api        = { viewers = ["dev@acme.example"] }
}

run "refused_1" {
  command = plan
  variables {
    # images are some
    images = []
    # project is no name
    project_id = "Acme Production"
    # api admits a person
    api = {}
    # admission mode
    admission = { mode = "audit" }
  }
  expect_failures = [var.images, var.project_id, var.api, var.admission]
}

run "refused_way_back" {
  command = plan
  variables {
    # images rollback under pin
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", rollback = "pin" }]
  }
  expect_failures = [var.images]
}

run "refused_2" {
  command = plan
  variables {
    # images without tag
    images = [{ match = "us-docker.pkg.dev/acme-prod/configs/platform:v1", trust = "release" }]
    # region is no zone
    region = "us-central1-a"
    # api by email
    api = { viewers = ["group:dev@acme.example"] }
  }
  expect_failures = [var.images, var.region, var.api]
}

run "refused_3" {
  command = plan
  variables {
    # images without scheme
    images = [{ match = "oci://us-docker.pkg.dev/acme-prod/configs", trust = "release" }]
    # name is short
    name = "sign"
    # api audience of iap
    api = { mode = "iap", audience = "https://a.example", viewers = ["dev@acme.example"] }
  }
  expect_failures = [var.images, var.name, var.api]
}

run "refused_4" {
  command = plan
  variables {
    # images once
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release" }, { match = "us-docker.pkg.dev/a/b/**", trust = "release", effect = "pin" }]
    # name leaves room
    name = "a-name-much-too-long-for-accounts"
    # api ingress
    api = { ingress = "all", viewers = ["dev@acme.example"] }
  }
  expect_failures = [var.images, var.name, var.api]
}

run "refused_5" {
  command = plan
  variables {
    # images effect
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", effect = "enforce" }]
    # labels are lower case
    labels = { Team = "platform" }
    # admission has callers
    admission = { enabled = true }
  }
  expect_failures = [var.images, var.labels, var.admission]
}

run "refused_6" {
  command = plan
  variables {
    # images track
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", effect = "gate", track = "v1" }]
    # image has a digest
    image = "us-docker.pkg.dev/acme-prod/countersign/countersign:v1"
    # break glass by user
    break_glass = ["On Call <oncall@acme.example>"]
  }
  expect_failures = [var.images, var.image, var.break_glass]
}

run "refused_7" {
  command = plan
  variables {
    # images downgrade
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", downgrade = "never" }]
    # instances are at least one
    instances = { cluster = { max = 0 } }
  }
  expect_failures = [var.images, var.instances]
}

run "refused_8" {
  command = plan
  variables {
    # images policy
    images = [{ match = "us-docker.pkg.dev/a/b/**", trust = "anyone" }]
    # instances min is below max
    instances = { push = { min = 4, max = 2 } }
  }
  expect_failures = [var.images, var.instances]
}

run "refused_9" {
  command = plan
  variables {
    # trust names
    trust  = { Release = { authorities = [{ name = "k", key = { pem = "x" } }] } }
    images = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "Release" }]
    # instances are whole
    instances = { push = { max = 1.5 } }
  }
  expect_failures = [var.trust, var.instances]
}

run "refused_10" {
  command = plan
  variables {
    # trust without a signer
    trust = { release = {} }
    # calls are some
    gateway_calls_per_minute = 0
    # log level is known
    log_level = "verbose"
  }
  expect_failures = [var.trust, var.gateway_calls_per_minute, var.log_level]
}

run "refused_11" {
  command = plan
  variables {
    # trust in all and some
    trust = { release = { allow_unsigned = true, authorities = [{ name = "k", key = { pem = "x" } }] } }
    # topics by project
    existing_gcr_topics = ["projects/acme-prod/topics/gcr"]
  }
  expect_failures = [var.trust, var.existing_gcr_topics]
}

run "refused_12" {
  command = plan
  variables {
    # authority without identity
    trust = { release = { authorities = [{ name = "k" }] } }
    # repository id
    repository = { id = "Configs" }
    # pools by project
    identity_projects = ["acme-prod.svc.id.goog"]
  }
  expect_failures = [var.trust, var.repository, var.identity_projects]
}

run "refused_13" {
  command = plan
  variables {
    # authority with two
    trust = { release = { authorities = [{ name = "k", key = { pem = "x" }, keyless = { issuer = "https://i.example", subject = "s" } }] } }
    # repository location
    repository = { location = "us-central1-docker.pkg.dev" }
    # publishers are members
    publishers = ["allUsers"]
    # operators are members
    operators = ["ops@acme.example"]
  }
  expect_failures = [var.trust, var.repository, var.publishers, var.operators]
}

run "refused_14" {
  command = plan
  variables {
    # key is one
    trust = { release = { authorities = [{ name = "k", key = {} }] } }
    # fleet has projects
    fleet = { projects = [] }
    # subscription names
    status_subscriptions = { "Alerts!" = {} }
  }
  expect_failures = [var.trust, var.fleet, var.status_subscriptions]
}

run "refused_15" {
  command = plan
  variables {
    # key has a version
    trust = { release = { authorities = [{ name = "k", key = { kms = "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k" } }] } }
    # fleet by id
    fleet = { projects = ["123456789012"] }
    # subscription filter
    status_subscriptions = { alerts = { filter = join("", [for i in range(300) : "x"]) } }
  }
  expect_failures = [var.trust, var.fleet, var.status_subscriptions]
}

run "refused_16" {
  command = plan
  variables {
    # keyless has a subject
    trust = { release = { authorities = [{ name = "k", keyless = { issuer = "https://i.example" } }] } }
    # unmatched and other_sources are known
    unmatched     = "allow"
    other_sources = "allow"
    # subscription endpoint
    status_subscriptions = { alerts = { push = { endpoint = "http://a.example", audience = "a", service_account = "a@p.iam.gserviceaccount.com" } } }
  }
  expect_failures = [var.trust, var.unmatched, var.other_sources, var.status_subscriptions]
}

run "refused_17" {
  command = plan
  variables {
    # keyless issuer is https
    trust = { release = { authorities = [{ name = "k", keyless = { issuer = "http://i.example", subject = "s" } }] } }
    # registries without docker
    registries = [{ host = "registry.acme.example", auth = "dockerConfig" }]
    # channels by name
    notification_channels = ["on-call"]
  }
  expect_failures = [var.trust, var.registries, var.notification_channels]
}

run "refused_18" {
  command = plan
  variables {
    # pattern is anchored
    trust = { release = { authorities = [{ name = "k", keyless = { issuer = "https://i.example", subject_regexp = ".*@acme.example" } }] } }
    # registries are hosts
    registries = [{ host = "https://registry.acme.example" }]
    # runbook is a page
    runbook = "ftp://acme.example/runbook"
  }
  expect_failures = [var.trust, var.registries, var.runbook]
}

run "refused_19" {
  command = plan
  variables {
    # root is json
    trust = { release = { authorities = [{ name = "k", keyless = { issuer = "https://i.example", subject = "s" }, trusted_root = "trusted_root.json" }] } }
    # sweep duration
    sweep = { period = "1d" }
    # history in days
    history = { days = 0 }
  }
  expect_failures = [var.trust, var.sweep, var.history]
}

run "refused_20" {
  command = plan
  variables {
    # format is known
    trust = { release = { authorities = [{ name = "k", key = { pem = "x" } }], format = "cosign" } }
    # sweep brake
    sweep = { withdraw_brake = "0.05" }
  }
  expect_failures = [var.trust, var.sweep]
}

run "refused_21" {
  command = plan
  variables {
    # require is within reach
    trust = { release = { authorities = [{ name = "k", key = { pem = "x" } }], require = 2 } }
    # api mode
    api = { mode = "iam", viewers = ["dev@acme.example"] }
  }
  expect_failures = [var.trust, var.api]
}

run "refused_22" {
  command = plan
  variables {
    # readers kind
    readers = [{ kind = "GitSync", name = "root-sync" }]
  }
  expect_failures = [var.readers]
}

run "refused_23" {
  command = plan
  variables {
    # readers namespace
    readers = [{ kind = "RepoSync", name = "repo-sync" }]
  }
  expect_failures = [var.readers]
}

run "refused_24" {
  command = plan
  variables {
    # readers of root
    readers = [{ kind = "RootSync", namespace = "team-a", name = "root-sync" }]
  }
  expect_failures = [var.readers]
}

run "refused_25" {
  command = plan
  variables {
    # readers name
    readers = [{ kind = "RootSync", name = "a-name-that-makes-the-reconciler-longer-than-names-can-be" }]
  }
  expect_failures = [var.readers]
}

run "refused_26" {
  command = plan
  variables {
    # readers account
    readers = [{ kind = "RootSync", name = "root-sync", google_service_account = "reader@acme.example" }]
  }
  expect_failures = [var.readers]
}

run "refused_27" {
  command = plan
  variables {
    # readers repositories
    readers = [{ kind = "RootSync", name = "root-sync", repositories = ["us-docker.pkg.dev/acme-prod/secrets"] }]
  }
  expect_failures = [var.readers]
}

run "refused_28" {
  command = plan
  variables {
    # hash is known
    trust = { release = { authorities = [{ name = "k", key = { pem = "x", hash = "md5" } }] } }
    # referrers is known
    registries = [{ host = "ghcr.io", referrers = "never" }]
  }
  expect_failures = [var.trust, var.registries]
}

run "refused_29" {
  command = plan
  variables {
    # keyless without a log and a stamp
    trust = { release = { authorities = [{ name = "k", keyless = { issuer = "https://i.example", subject = "s", transparency_log = "ignore" } }] } }
  }
  expect_failures = [var.trust]
}

run "refused_30" {
  command = plan
  variables {
    # attested without an attestation
    trust = { release = { authorities = [{ name = "k", key = { pem = "x" } }], signatures = "attested" } }
  }
  expect_failures = [var.trust]
}

run "refused_admission_1" {
  command = plan
  variables {
    # admission has callers of one kind
    admission = { enabled = true, emails = ["webhook@acme-prod.iam.gserviceaccount.com"], secret_sha256 = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"] }
  }
  expect_failures = [var.admission]
}

run "refused_admission_2" {
  command = plan
  variables {
    # admission has hashes, not secrets
    admission = { enabled = true, secret_sha256 = ["hunter2"] }
  }
  expect_failures = [var.admission]
}

run "refused_waits" {
  command = plan
  variables {
    # seconds are whole
    waits = { bindings = 1.5 }
  }
  expect_failures = [var.waits]
}

run "refused_records_1" {
  command = plan
  variables {
    # records have an id of Firestore
    records = { database = "(default)" }
  }
  expect_failures = [var.records]
}

run "refused_records_2" {
  command = plan
  variables {
    # backups are kept for 98 days at most
    records = { backup_days = 365 }
    # holds
    may_hold = "tenants"
  }
  expect_failures = [var.records, var.may_hold]
}

run "refused_records_3" {
  command = plan
  variables {
    # history is kept for whole days
    records = { history_days = 1.5 }
  }
  expect_failures = [var.records]
}

run "refused_rollouts_1" {
  command = plan
  variables {
    # images name strategies
    images  = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", rollout = "fleet" }]
    records = {}
  }
  expect_failures = [var.images]
}

run "refused_rollouts_2" {
  command = plan
  variables {
    # decisions are recorded
    images   = [{ match = "us-docker.pkg.dev/a/b/**", trust = "release", rollout = "fleet" }]
    rollouts = { strategies = { fleet = { stages = [{ name = "all" }] } } }
  }
  expect_failures = [var.images]
}

run "refused_rollouts_3" {
  command = plan
  variables {
    # limits are numbers or shares
    rollouts = { strategies = { fleet = { stages = [{ name = "all", max_failures = "some" }] } } }
  }
  expect_failures = [var.rollouts]
}

run "refused_rollouts_4" {
  command = plan
  variables {
    # windows are named
    rollouts = { strategies = { fleet = { stages = [{ name = "all", windows = "office" }] } } }
  }
  expect_failures = [var.rollouts]
}

run "refused_rollouts_5" {
  command = plan
  variables {
    # durations
    rollouts = { strategies = { fleet = { stages = [{ name = "all", soak = "1 day" }] } } }
  }
  expect_failures = [var.rollouts]
}

run "refused_rollouts_6" {
  command = plan
  variables {
    # words
    rollouts = { strategies = { fleet = { stages = [{ name = "all" }], on_failure = "ignore" } } }
  }
  expect_failures = [var.rollouts]
}

run "a_check_of_two_kinds" {
  command = plan
  variables {
    rollouts = { strategies = { fleet = { stages = [{
      name   = "all"
      checks = [{ name = "a", http = { url = "https://a.example" }, monitoring = { project = "p", query = "q" }, below = 1 }]
    }] } } }
  }
  expect_failures = [var.rollouts]
}

run "a_query_without_a_bound" {
  command = plan
  variables {
    rollouts = { strategies = { fleet = { stages = [{ name = "all", checks = [{ name = "a", monitoring = { project = "p", query = "q" } }] }] } } }
  }
  expect_failures = [var.rollouts]
}
