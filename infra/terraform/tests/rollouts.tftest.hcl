# Staged roll-outs: the records' database, who may do what with it, and what the config says.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project_id = "acme-prod"
  region     = "us-central1"
  images     = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release" }]
  trust      = { release = { authorities = [{ name = "release-key", key = { pem = "x" } }] } }
  api        = { viewers = ["dev@acme.example"], invokers = ["ops@acme.example"] }
}

run "none" {
  command = plan

  assert {
    condition     = length(google_firestore_database.records) + length(google_firestore_backup_schedule.records) + length(google_firestore_field.records) + length(google_project_iam_member.records) + length(google_project_iam_member.records_reader) + length(google_project_iam_member.history) + length(google_firestore_field.history_expiry) + length(google_project_iam_member.monitoring) == 0
    error_message = "Nothing of it that was not asked for."
  }
  assert {
    condition     = !can(local.config.records) && !can(local.config.rollouts) && !can(local.config.gate.mayHold) && !can(local.config.access.api.approvers) && !can(local.config.history) && !can(local.config.access.history) && !contains(keys(google_cloud_run_v2_service.this), "history")
    error_message = "The config has no key that an older version does not know."
  }
}

run "records" {
  command = plan
  variables {
    records = {}
  }
  assert {
    condition = (
      google_firestore_database.records[0].name == "countersign-records" &&
      google_firestore_database.records[0].delete_protection_state == "DELETE_PROTECTION_ENABLED" &&
      google_firestore_database.records[0].point_in_time_recovery_enablement == "POINT_IN_TIME_RECOVERY_ENABLED" &&
      google_firestore_database.records[0].deletion_policy == "ABANDON"
    )
    error_message = "The records are protected, and Terraform never deletes them."
  }
  assert {
    condition = (
      google_firestore_backup_schedule.records[0].database == "countersign-records" &&
      google_firestore_backup_schedule.records[0].retention == "8467200s" &&
      length(google_firestore_backup_schedule.records[0].daily_recurrence) == 1
    )
    error_message = "They are backed up each day, and backups are kept as long as Firestore keeps any."
  }
  assert {
    condition     = google_firestore_database.this.delete_protection_state == "DELETE_PROTECTION_DISABLED" && google_firestore_database.this.name != google_firestore_database.records[0].name
    error_message = "The store is another database, and throw-away."
  }
  assert {
    condition = tomap({ for binding in concat(values(google_project_iam_member.records), google_project_iam_member.records_reader) : binding.member => binding.role }) == tomap({
      "serviceAccount:countersign-push@acme-prod.iam.gserviceaccount.com"  = "roles/datastore.user"
      "serviceAccount:countersign-sweep@acme-prod.iam.gserviceaccount.com" = "roles/datastore.user"
      "serviceAccount:countersign-api@acme-prod.iam.gserviceaccount.com"   = "roles/datastore.user"
      "serviceAccount:countersign@acme-prod.iam.gserviceaccount.com"       = "roles/datastore.viewer"
    })
    error_message = "push, sweep and api write records, and workers only read them."
  }
  assert {
    condition     = distinct([for binding in concat(values(google_project_iam_member.records), google_project_iam_member.records_reader) : binding.condition[0].expression]) == tolist(["resource.name==\"projects/acme-prod/databases/countersign-records\""])
    error_message = "Their roles are for that database alone."
  }
  assert {
    condition     = alltrue([for binding in concat(values(google_project_iam_member.store), google_project_iam_member.store_reader) : binding.condition[0].expression == "resource.name==\"projects/acme-prod/databases/countersign\""])
    error_message = "The roles of the store do not reach it."
  }
  assert {
    condition     = local.config.records == { firestore = { project = "acme-prod", database = "countersign-records" } }
    error_message = "The config names it."
  }
}

run "history" {
  command = plan
  variables {
    records = { history_days = 400 }
    trust   = { release = { authorities = [{ name = "release-key", key = { kms = "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1" } }] } }
  }
  assert {
    condition     = local.config.history == { days = 400 } && local.config.access.history.emails == ["countersign-status@acme-prod.iam.gserviceaccount.com"] && local.config.access.history.mode == "iam"
    error_message = "The config says for how long, and who calls."
  }
  assert {
    condition = (
      google_pubsub_subscription.push["status"].name == "countersign-status-history" &&
      endswith(google_pubsub_subscription.push["status"].push_config[0].push_endpoint, "/events") &&
      google_pubsub_subscription.push["status"].dead_letter_policy[0].max_delivery_attempts == 20 &&
      !google_pubsub_subscription.push["status"].enable_message_ordering
    )
    error_message = "A subscription of its own brings every event, and gives up as the others do."
  }
  assert {
    condition     = google_project_iam_custom_role.history[0].permissions == toset(["datastore.entities.create", "datastore.entities.get", "datastore.entities.list"]) && google_project_iam_member.history[0].condition[0].expression == "resource.name==\"projects/acme-prod/databases/countersign-records\""
    error_message = "It adds to that database, and changes nothing there."
  }
  assert {
    condition     = google_firestore_field.history_expiry[0].field == "expireAt" && length(google_firestore_field.history_expiry[0].ttl_config) == 1 && google_firestore_field.history_entry[0].collection == "history"
    error_message = "What is too old goes by itself."
  }
  assert {
    condition     = length([for key in concat(keys(google_artifact_registry_repository_iam_member.verify), keys(google_kms_crypto_key_iam_member.verify), keys(google_project_iam_member.store), keys(google_project_iam_member.fleet)) : key if endswith(key, "history")]) == 0
    error_message = "It reads no image, no key, no store and no fleet."
  }
  assert {
    condition     = [for key in keys(google_pubsub_topic_iam_member.publish) : key if startswith(key, "history/")] == ["history/deadLetters"]
    error_message = "It publishes dead letters alone."
  }
}

run "without_an_api" {
  command = plan
  variables {
    records = {}
    api     = { enabled = false }
  }
  assert {
    condition     = keys(google_project_iam_member.records) == ["push", "sweep"]
    error_message = "Without an API there is no account of it."
  }
}

run "cloned" {
  command = plan
  variables {
    records = { database = "countersign-records-2", existing = true, backup_days = 7 }
  }
  assert {
    condition     = length(google_firestore_database.records) == 0 && local.config.records.firestore.database == "countersign-records-2"
    error_message = "An existing database is used, and not made."
  }
  assert {
    condition     = google_firestore_backup_schedule.records[0].database == "countersign-records-2" && google_firestore_backup_schedule.records[0].retention == "604800s" && google_project_iam_member.records_reader[0].condition[0].expression == "resource.name==\"projects/acme-prod/databases/countersign-records-2\""
    error_message = "It is backed up, and the roles are for it."
  }
}

run "the_store" {
  command = plan
  variables {
    records = { database = "countersign" }
  }
  expect_failures = [google_firestore_backup_schedule.records]
}

run "a_way_back_by_a_pin" {
  command = plan
  variables {
    images   = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release", effect = "gate", rollout = "fleet", rollback = "pin" }]
    records  = {}
    rollouts = { strategies = { fleet = { stages = [{ name = "all" }] } } }
  }
  assert {
    condition     = local.config.images[0].rollback == "pin"
    error_message = jsonencode(local.config.images)
  }
}

run "strategies" {
  command = plan
  variables {
    images = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release", rollout = "fleet" }]
    trust = {
      release = { authorities = [{ name = "release-key", key = { pem = "x" } }] }
      qa      = { authorities = [{ name = "qa-key", key = { pem = "x" } }] }
    }
    records = {}
    rollouts = {
      clusters_at_once = 200
      strategies = { fleet = {
        stages = [
          { name = "canary", clusters = "ring = canary", max_concurrency = "100%", soak = "1h", if_empty = "wait" },
          { name = "early", clusters = "env = prod", order_by = "ring-order", max_failures = "5%", max_unreachable = "2", approval = { approvers = ["lead@acme.example"] } },
          { name = "rest", max_concurrency = "300", signed_by = "qa", windows = "office" },
        ]
        progress_deadline = "45m"
        on_failure        = "rollback"
        on_newer          = "queue"
        new_clusters      = "previous"
      } }
      windows = { office = { time_zone = "Europe/Berlin", weekly = [{ days = ["mon", "tue"], from = "09:00", to = "16:00" }] } }
      freezes = [{ name = "year-end", time_zone = "Europe/Berlin", from = "2026-12-18 18:00", to = "2027-01-04 08:00", clusters = "env = prod" }]
    }
    api      = { viewers = ["dev@acme.example"], approvers = ["lead@acme.example"], overriders = ["oncall@acme.example"], mode = "iap" }
    may_hold = "anyone"
  }
  assert {
    condition = jsonencode(local.config.rollouts.strategies.fleet) == jsonencode({
      stages = [
        { name = "canary", clusters = "ring = canary", maxConcurrency = "100%", soak = "1h", ifEmpty = "wait" },
        { name = "early", clusters = "env = prod", orderBy = "ring-order", maxFailures = "5%", maxUnreachable = 2, approval = { approvers = ["lead@acme.example"] } },
        { name = "rest", maxConcurrency = 300, signedBy = "qa", windows = "office" },
      ]
      progressDeadline = "45m"
      onFailure        = "rollback"
      onNewer          = "queue"
      newClusters      = "previous"
    })
    error_message = jsonencode(local.config.rollouts)
  }
  assert {
    condition     = local.config.rollouts.clustersAtOnce == 200 && local.config.rollouts.windows.office.timeZone == "Europe/Berlin" && local.config.rollouts.freezes[0].clusters == "env = prod" && local.config.images[0].rollout == "fleet"
    error_message = "Windows, freezes and the bound of all roll-outs are there, and the image names its strategy."
  }
  assert {
    condition     = join(" ", concat(local.config.access.api.approvers, local.config.access.api.overriders)) == "lead@acme.example oncall@acme.example" && local.config.gate.mayHold == "anyone"
    error_message = "The config names who approves, who overrides, and who may hold."
  }
  assert {
    condition     = keys(google_iap_web_cloud_run_service_iam_member.people) == ["dev@acme.example", "lead@acme.example", "oncall@acme.example"]
    error_message = "Identity-Aware Proxy lets in whom the API has a role for."
  }
}

run "checks" {
  command = plan
  variables {
    records = {}
    rollouts = {
      strategies = {
        fleet = {
          stages = [
            {
              name     = "canary"
              clusters = "ring = canary"
              checks = [
                { name = "errors", monitoring = { project = "acme-metrics", query = "sum(errors)" }, below = 0.01, for = "30m", fail_after = "5m" },
                { name = "traffic", monitoring = { project = "acme-metrics", query = "sum(requests)" }, above = 0 },
                { name = "latency", prometheus = { url = "https://prometheus.acme.example", query = "p99" }, below = 1 },
                { name = "ready", http = { url = "https://shop.acme.example/ready" } },
              ]
            },
            { name = "rest" },
          ]
        }
      }
    }
  }
  assert {
    condition = jsonencode(local.config.rollouts.strategies.fleet.stages) == jsonencode([
      {
        checks = [
          { below = 0.01, failAfter = "5m", for = "30m", monitoring = { project = "acme-metrics", query = "sum(errors)" }, name = "errors" },
          { above = 0, monitoring = { project = "acme-metrics", query = "sum(requests)" }, name = "traffic" },
          { below = 1, name = "latency", prometheus = { query = "p99", url = "https://prometheus.acme.example" } },
          { http = { url = "https://shop.acme.example/ready" }, name = "ready" },
        ]
        clusters = "ring = canary"
        name     = "canary"
      },
      { name = "rest" },
    ])
    error_message = "Checks are the config's, and what is not asked for is left out."
  }
  assert {
    condition = { for project, binding in google_project_iam_member.monitoring : project => "${binding.role} ${binding.member}" } == {
      "acme-metrics" = "roles/monitoring.viewer serviceAccount:countersign-sweep@acme-prod.iam.gserviceaccount.com"
    }
    error_message = "sweep alone may read metrics, where a check asks for them."
  }
}
