# What a plan of the module holds, with mocks in place of Google. Whether the code agrees: test/unit/infra/terraform.

mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project_id = "acme-prod"
  region     = "us-central1"
  images     = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release" }]
  trust = { release = { authorities = [{
    name = "release-key"
    key  = { kms = "gcpkms://projects/acme-keys/locations/us/keyRings/r/cryptoKeys/release/cryptoKeyVersions/1" }
  }] } }
  repository = { location = "us" }
  readers = [
    { kind = "RootSync", name = "root-sync" },
    { kind = "RootSync", name = "platform" },
    { kind = "RepoSync", namespace = "team-a", name = "repo-sync" },
    { kind = "RepoSync", namespace = "team-a", name = "extra" },
  ]
  api       = { viewers = ["dev@acme.example"], invokers = ["ops@acme.example"] }
  operators = ["group:ops@acme.example"]
}

run "defaults" {
  command = plan

  assert {
    condition     = join(" ", keys(google_cloud_run_v2_service.this)) == "api cluster push sweep"
    error_message = "One service for each function that is enabled."
  }
  assert {
    condition = alltrue([for name in ["push", "cluster", "sweep"] :
      google_cloud_run_v2_service.this[name].ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && !google_cloud_run_v2_service.this[name].invoker_iam_disabled
    ])
    error_message = "What only machines call is internal, and Cloud Run checks who calls."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["api"].invoker_iam_disabled
    error_message = "The API verifies tokens itself: Cloud Run must leave them whole."
  }
  assert {
    condition     = alltrue([for service in google_cloud_run_v2_service.this : !service.deletion_protection && service.template[0].containers[0].resources[0].cpu_idle])
    error_message = "Services that did not start can be replaced, and all are billed by request."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["push"].template[0].containers[0].args == null
    error_message = "Without an image there is a sample, which takes no argument."
  }
  assert {
    condition     = google_cloud_run_v2_service.this["sweep"].template[0].max_instance_request_concurrency == 1 && google_cloud_run_v2_service.this["sweep"].template[0].scaling[0].max_instance_count == 1
    error_message = "One sweep at a time."
  }
  # Law 8: an instance paces at its part of the budget.
  assert {
    condition = alltrue([for name, service in google_cloud_run_v2_service.this :
      one([for env in service.template[0].containers[0].env : env.value if env.name == "COUNTERSIGN_MAX_INSTANCES"]) == tostring(service.template[0].scaling[0].max_instance_count) &&
      service.scaling[0].max_instance_count == service.template[0].scaling[0].max_instance_count
    ])
    error_message = "Functions know the maximum number of their instances."
  }
  # The subscription's deadline is the longest a push may take: Cloud Run must give up before.
  assert {
    condition = alltrue([for name in ["push", "cluster"] :
      tonumber(trimsuffix(google_cloud_run_v2_service.this[name].template[0].timeout, "s")) < google_pubsub_subscription.push[name == "push" ? "gcr/acme-prod" : "tasks"].ack_deadline_seconds
    ])
    error_message = "A service answers before its message is delivered again."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.attempt_deadline == google_cloud_run_v2_service.this["sweep"].template[0].timeout
    error_message = "The scheduler waits as long as a sweep may take."
  }
  assert {
    condition     = google_cloud_scheduler_job.sweep.http_target[0].uri == "https://service.example.run.app/" && google_cloud_scheduler_job.sweep.http_target[0].oidc_token[0].service_account_email == "countersign-clock@acme-prod.iam.gserviceaccount.com"
    error_message = "The scheduler calls sweep as its own account."
  }
}

run "subscriptions" {
  command = plan

  assert {
    condition = tomap({ for subscription in google_pubsub_subscription.push : subscription.name => subscription.push_config[0].push_endpoint }) == tomap({
      "gcr-push"                         = "https://service.example.run.app/"
      "countersign-tasks-cluster"        = "https://service.example.run.app/tasks"
      "countersign-sweep-tasks-cluster"  = "https://service.example.run.app/sweep-tasks"
      "countersign-resync-tasks-cluster" = "https://service.example.run.app/resync-tasks"
    })
    error_message = "Subscriptions are named <topic>-<function>, and push to the function's route."
  }
  assert {
    condition = alltrue([for subscription in google_pubsub_subscription.push :
      subscription.expiration_policy[0].ttl == "" &&
      subscription.retry_policy[0].minimum_backoff == "10s" && subscription.retry_policy[0].maximum_backoff == "600s" &&
      subscription.dead_letter_policy[0].max_delivery_attempts >= 20
    ])
    error_message = "They never expire, back off, and give up after at least twenty deliveries."
  }
  assert {
    condition     = tomap({ for key, subscription in google_pubsub_subscription.push : key => subscription.enable_message_ordering }) == tomap({ tasks = true, sweepTasks = true, resyncTasks = true, "gcr/acme-prod" = false })
    error_message = "Tasks are ordered by cluster; notifications have no key."
  }
  assert {
    condition     = google_pubsub_subscription.push["gcr/acme-prod"].push_config[0].oidc_token[0].audience != google_pubsub_subscription.push["tasks"].push_config[0].oidc_token[0].audience && google_pubsub_subscription.push["gcr/acme-prod"].push_config[0].oidc_token[0].service_account_email != google_pubsub_subscription.push["tasks"].push_config[0].oidc_token[0].service_account_email
    error_message = "A token for one function opens no other."
  }
  assert {
    condition     = keys(google_pubsub_subscription_iam_member.forward) == keys(google_pubsub_subscription.push) && google_pubsub_topic_iam_member.forward.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    error_message = "Pub/Sub may forward what it gives up."
  }
  assert {
    condition     = tomap({ for key, topic in google_pubsub_topic.this : key => length(topic.schema_settings) }) == tomap({ tasks = 1, sweepTasks = 1, resyncTasks = 1, status = 1, deadLetters = 0 })
    error_message = "Dead letters have no schema."
  }
}

run "readers" {
  command = plan

  assert {
    condition = tomap(output.readers) == tomap({
      "RootSync/config-management-system/root-sync" = "root-reconciler"
      "RootSync/config-management-system/platform"  = "root-reconciler-platform"
      "RepoSync/team-a/repo-sync"                   = "ns-reconciler-team-a"
      "RepoSync/team-a/extra"                       = "ns-reconciler-team-a-extra-5"
    })
    error_message = "Reconcilers have the names that Config Sync gives them."
  }
  assert {
    condition     = contains([for binding in google_artifact_registry_repository_iam_member.pull : binding.member], "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/config-management-system/sa/ns-reconciler-team-a-extra-5")
    error_message = "A Kubernetes service account is a principal of its pool."
  }
  assert {
    condition     = alltrue([for binding in google_artifact_registry_repository_iam_member.pull : binding.role == "roles/artifactregistry.reader" && binding.repository == "configs" && binding.location == "us" && binding.project == "acme-prod"])
    error_message = "They read the repository that the config names, and nothing else."
  }
}

run "limited_reader" {
  command = plan
  variables {
    images = [
      { match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release" },
      { match = "us-docker.pkg.dev/acme-payments/configs/**", trust = "signed-elsewhere" },
    ]
    trust = {
      release = { authorities = [{ name = "release-key", key = { pem = "x" } }] }
      "signed-elsewhere" = {
        authorities          = [{ name = "release-key", key = { pem = "x" } }]
        signature_repository = "us-docker.pkg.dev/acme-payments/signatures"
      }
    }
    readers = [
      { kind = "RootSync", name = "root-sync" },
      { kind = "RepoSync", namespace = "payments", name = "repo-sync", repositories = ["us-docker.pkg.dev/acme-payments/configs"] },
    ]
  }
  assert {
    condition = toset([for binding in google_artifact_registry_repository_iam_member.pull : "${regex("[^/]+$", binding.member)} ${binding.project}/${binding.repository}"]) == toset([
      "root-reconciler acme-prod/configs",
      "root-reconciler acme-payments/configs",
      "ns-reconciler-payments acme-payments/configs",
    ])
    error_message = "A reader reads what it is given, and no account of Config Sync reads signatures."
  }
  assert {
    condition     = contains([for binding in google_artifact_registry_repository_iam_member.verify : "${binding.project}/${binding.repository}"], "acme-payments/signatures")
    error_message = "The functions do."
  }
}

run "least_privilege" {
  command = plan

  assert {
    condition     = length(distinct([for account in google_service_account.function : account.account_id])) == 4 && length(distinct([for account in google_service_account.caller : account.account_id])) == 3
    error_message = "An account for each function, and for each caller."
  }
  assert {
    condition     = toset([for binding in google_project_iam_member.fleet : "${binding.member} ${binding.project}"]) == toset([for id in ["countersign-push", "countersign", "countersign-sweep", "countersign-api"] : "serviceAccount:${id}@acme-prod.iam.gserviceaccount.com acme-prod"])
    error_message = "Every function of the fleet has one role there."
  }
  assert {
    condition     = one([for role in google_project_iam_custom_role.fleet : role.permissions if role.role_id == "countersignFleetLister"]) == toset(["gkehub.memberships.list"])
    error_message = "push and sweep list memberships."
  }
  assert {
    condition     = [for role in google_project_iam_custom_role.fleet : role.role_id if contains(role.permissions, "gkehub.gateway.patch")] == ["countersignFleetWriter"]
    error_message = "Only cluster patches."
  }
  assert {
    condition     = google_project_iam_member.store["push"].condition[0].expression == "resource.name==\"projects/acme-prod/databases/countersign\"" && google_project_iam_member.store_reader[0].role == "roles/datastore.viewer"
    error_message = "The store's roles are for its database alone, and the API only reads."
  }
  assert {
    condition     = toset([for binding in google_kms_crypto_key_iam_member.verify : "${binding.crypto_key_id} ${binding.role}"]) == toset(["projects/acme-keys/locations/us/keyRings/r/cryptoKeys/release roles/cloudkms.publicKeyViewer"])
    error_message = "Of keys, the public half."
  }
  assert {
    condition     = alltrue([for binding in google_cloud_run_v2_service_iam_member.invoke : binding.role == "roles/run.invoker"]) && google_cloud_run_v2_service_iam_member.invoke["push"].member == "serviceAccount:countersign-events@acme-prod.iam.gserviceaccount.com"
    error_message = "Callers may call one service."
  }
}

run "dns_endpoints" {
  command = plan
  variables {
    fleet = { dns_endpoints = true }
  }
  assert {
    condition     = local.config.fleet.gkeHub.dnsEndpoints == true
    error_message = "The config says so."
  }
  assert {
    condition     = [for role in google_project_iam_custom_role.endpoint : role.role_id if contains(role.permissions, "container.clusters.connect")] == ["countersignEndpointCaller"]
    error_message = "One role calls clusters."
  }
  assert {
    condition     = toset([for key, binding in google_project_iam_member.endpoint : binding.member if local.endpoint_members[key].role == "Caller"]) == toset([for id in ["countersign", "countersign-api"] : "serviceAccount:${id}@acme-prod.iam.gserviceaccount.com"])
    error_message = "cluster and api call clusters."
  }
}

run "no_dns_endpoints" {
  command = plan
  assert {
    condition     = length(google_project_iam_custom_role.endpoint) == 0 && !can(local.config.fleet.gkeHub.dnsEndpoints)
    error_message = "Nothing of it without the setting."
  }
}

run "with_an_image" {
  command = plan
  variables {
    image = "us-central1-docker.pkg.dev/acme-prod/countersign/countersign@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
  assert {
    condition     = alltrue([for name, service in google_cloud_run_v2_service.this : service.template[0].containers[0].args == tolist([name])])
    error_message = "The image's argument is the function."
  }
}

run "existing_topic" {
  command = plan
  variables {
    existing_gcr_topics = ["acme-prod"]
  }
  assert {
    condition     = length(google_pubsub_topic.gcr) == 0 && google_pubsub_subscription.push["gcr/acme-prod"].topic == "projects/acme-prod/topics/gcr"
    error_message = "An existing topic is used."
  }
}

run "without_extras" {
  command = plan
  variables {
    api             = { enabled = false }
    builder         = { enabled = false }
    alerts          = false
    message_schemas = false
    repository      = null
    enable_apis     = false
    operators       = []
  }
  assert {
    condition     = join(" ", keys(google_cloud_run_v2_service.this)) == "cluster push sweep" && !can(yamldecode(output.config).access.api)
    error_message = "No API, and no access to it."
  }
  assert {
    condition     = length(google_service_account.builder) + length(google_kms_crypto_key.release) + length(google_monitoring_dashboard.this) + length(google_pubsub_schema.this) + length(google_artifact_registry_repository.configs) + length(google_project_service.this) == 0
    error_message = "Nothing that was not asked for."
  }
}
