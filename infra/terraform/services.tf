# One Cloud Run service for each function, all from one image. Billed by request (cpu_idle), so that nothing is done
# after an answer: every publish is awaited before.

locals {
  # Node runs on one CPU; a second would idle. Memory: the image's own flags keep a function below 256 MiB
  # (docs/performance.md#budgets), and what is written to /tmp counts too.
  services = {
    push = {
      # Registry notifications come in bursts of four (image, signature, attestations); verifying is CPU, so few at once.
      concurrency = 20
      # One push tasks the whole fleet. Shorter than the subscription's deadline of 600 s.
      timeout = "540s"
      memory  = "512Mi"
      ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    cluster = {
      # A task mostly waits: for a cluster, and for its turn in the budget of calls. Fewer instances with more at once
      # use that budget better than more instances, each with its part (docs/design.md#law-8).
      concurrency = 80
      timeout     = "540s"
      memory      = "512Mi"
      ingress     = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    sweep = {
      # One at a time, in one instance: two sweeps would do no harm, and no good.
      concurrency = 1
      # The scheduler waits as long (scheduler.tf).
      timeout = "300s"
      memory  = "512Mi"
      ingress = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    history = {
      # One small write for each event; a push to a thousand clusters makes a thousand of them.
      concurrency = 80
      timeout     = "60s"
      memory      = "512Mi"
      ingress     = "INGRESS_TRAFFIC_INTERNAL_ONLY"
    }
    api = {
      # Reads the store; live looks wait for clusters, at most 50.
      concurrency = 80
      timeout     = "60s"
      memory      = "512Mi"
      ingress     = var.api.ingress
    }
    admission = {
      # API servers wait ten seconds at most; more than this at once is better served by another instance.
      concurrency = 40
      timeout     = "10s"
      memory      = "512Mi"
      # Control planes call from outside.
      ingress = "INGRESS_TRAFFIC_ALL"
    }
  }
  instances = merge(var.instances, { sweep = { min = 0, max = 1 } })

  # Whether Cloud Run checks tokens itself. It strips their signature then, and functions that verify tokens by
  # themselves (access mode verify) could not (docs/facts/google-cloud.md#tokens).
  checks_invoker = {
    push      = true
    cluster   = true
    sweep     = true
    history   = true
    api       = var.api.mode == "iap"
    admission = false
  }

  # A sample that listens on PORT and answers any path. It takes no argument, and whatever reaches it before the first
  # build is acknowledged for nothing: the sweep brings every cluster to the right state afterwards.
  bootstrap_image = "us-docker.pkg.dev/cloudrun/container/hello"

  # shared/http/env.ts
  environment = {
    COUNTERSIGN_CONFIG   = "/etc/countersign/config/countersign.yaml"
    GOOGLE_CLOUD_PROJECT = var.project_id
    LOG_LEVEL            = var.log_level
    # Law 8: all instances of all functions share it.
    COUNTERSIGN_GATEWAY_CALLS_PER_MINUTE = tostring(var.gateway_calls_per_minute)
  }
  # shared/telemetry/read-env.ts
  tracing_environment = {
    OTEL_TRACES_EXPORTER        = "otlp"
    OTEL_EXPORTER_OTLP_ENDPOINT = "https://telemetry.googleapis.com"
    # Google's front end samples a request in ten seconds: of a push, nothing would be left.
    OTEL_TRACES_SAMPLER = "always_on"
  }
}

resource "google_cloud_run_v2_service" "this" {
  for_each             = local.functions
  project              = var.project_id
  location             = var.region
  name                 = "${var.name}-${each.key}"
  labels               = var.labels
  ingress              = local.services[each.key].ingress
  custom_audiences     = [local.audiences[each.key]]
  invoker_iam_disabled = !local.checks_invoker[each.key]
  # Said here, for the provider sends the whole service: what was switched on beside it would be off again.
  iap_enabled         = each.key == "api" && var.api.mode == "iap"
  deletion_protection = var.deletion_protection

  # Of all revisions together: while a build deploys there are two, and they share the budget of calls as one.
  scaling {
    max_instance_count = local.instances[each.key].max
  }

  template {
    service_account                  = local.emails[each.key]
    timeout                          = local.services[each.key].timeout
    max_instance_request_concurrency = local.services[each.key].concurrency
    scaling {
      min_instance_count = local.instances[each.key].min
      max_instance_count = local.instances[each.key].max
    }

    containers {
      image = coalesce(var.image, local.bootstrap_image)
      args  = var.image == null ? null : [each.key]
      ports {
        container_port = 8080
      }
      resources {
        limits = {
          cpu    = "1"
          memory = local.services[each.key].memory
        }
        cpu_idle = true
        # A second CPU until it listens: a cold start is mostly parsing.
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = merge(
          local.environment,
          var.tracing ? local.tracing_environment : {},
          { COUNTERSIGN_MAX_INSTANCES = tostring(local.instances[each.key].max) },
        )
        content {
          name  = env.key
          value = env.value
        }
      }

      # A revision that cannot read its config or reach its store never takes traffic.
      startup_probe {
        http_get {
          path = "/ready"
        }
        initial_delay_seconds = 0
        # Often: the first request waits for the first probe that finds the port.
        period_seconds  = 1
        timeout_seconds = 1
        # Two minutes: so long a binding that was just made may take to hold everywhere.
        failure_threshold = 120
      }
      # Only whether the process answers: a store that is down is no reason to start anew.
      liveness_probe {
        http_get {
          path = "/health"
        }
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3
      }

      volume_mounts {
        name       = "config"
        mount_path = "/etc/countersign/config"
      }
      dynamic "volume_mounts" {
        for_each = local.trusted_roots
        content {
          name       = "root-${volume_mounts.key}"
          mount_path = "/etc/countersign/roots/${volume_mounts.key}"
        }
      }
    }

    volumes {
      name = "config"
      secret {
        secret = google_secret_manager_secret.file["config"].secret_id
        items {
          path = "countersign.yaml"
          # By its number: functions read the file once, so that another config is another revision.
          version = google_secret_manager_secret_version.file["config"].version
        }
      }
    }
    dynamic "volumes" {
      for_each = local.trusted_roots
      content {
        name = "root-${volumes.key}"
        secret {
          secret = google_secret_manager_secret.file["root-${volumes.key}"].secret_id
          items {
            path    = "trusted_root.json"
            version = google_secret_manager_secret_version.file["root-${volumes.key}"].version
          }
        }
      }
    }
  }

  lifecycle {
    # The build deploys (cloudbuild.yaml): a new image is no change of infrastructure.
    ignore_changes = [
      client,
      client_version,
      template[0].containers[0].image,
      template[0].containers[0].args,
    ]
  }

  # What the startup probe needs.
  depends_on = [
    terraform_data.bindings_settled,
    google_secret_manager_secret_iam_member.read,
    google_project_iam_member.store,
    google_project_iam_member.store_reader,
    google_project_iam_member.records,
    google_project_iam_member.records_reader,
    google_project_iam_member.history,
    google_firestore_database.this,
    google_firestore_database.records,
  ]
}

# Spans, where they are asked for.
resource "google_project_iam_member" "trace" {
  for_each = var.tracing ? local.functions : []
  project  = var.project_id
  role     = "roles/telemetry.tracesWriter"
  member   = local.members[each.key]
}

# The exporter names the project whose quota spans are counted against.
resource "google_project_iam_member" "trace_quota" {
  for_each = var.tracing ? local.functions : []
  project  = var.project_id
  role     = "roles/serviceusage.serviceUsageConsumer"
  member   = local.members[each.key]
}
