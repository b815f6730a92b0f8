# Log-based metrics, from fields of the lines that the functions write (shared/telemetry; a test compares the two). They
# cost the functions no client, no call and hardly a line.

locals {
  # kind: a counter counts lines that have it; of a histogram, gauge or sum the values are kept, in buckets.
  metrics = {
    push_to_approved    = { kind = "histogram", unit = "s", labels = ["reason"] }
    approved_to_synced  = { kind = "histogram", unit = "s", labels = [] }
    verdicts            = { kind = "counter", unit = "1", labels = ["verdict"] }
    transitions         = { kind = "counter", unit = "1", labels = ["type"] }
    cluster_transitions = { kind = "counter", unit = "1", labels = ["phase"] }
    retries             = { kind = "counter", unit = "1", labels = ["code", "route"] }
    given_up            = { kind = "counter", unit = "1", labels = ["code", "route"] }
    request_failures    = { kind = "counter", unit = "1", labels = ["code"] }
    task_duration       = { kind = "histogram", unit = "s", labels = ["reason", "status"] }
    cluster_calls       = { kind = "sum", unit = "1", labels = ["verb"] }
    cluster_errors      = { kind = "counter", unit = "1", labels = ["code", "verb"] }
    sweep_duration      = { kind = "histogram", unit = "s", labels = [] }
    sweep_lag           = { kind = "gauge", unit = "s", labels = [] }
    sweep_stretch       = { kind = "gauge", unit = "1", labels = [] }
    fleet_clusters      = { kind = "gauge", unit = "1", labels = ["state"] }
    fleet_rsyncs        = { kind = "gauge", unit = "1", labels = ["phase"] }
    review_duration     = { kind = "histogram", unit = "s", labels = ["outcome"] }
  }
  # Seconds: from a cached verdict to a fleet that waits for its budget of calls.
  metric_bounds = {
    histogram = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600]
    gauge     = [0, 1, 1.5, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400]
    sum       = [0, 10, 100, 1000, 10000]
  }
  # Lines of this Countersign, should there be two in the project.
  our_lines = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=~\"^${var.name}-(push|cluster|sweep|api|admission)$\"",
  ])
}

resource "google_logging_metric" "this" {
  for_each    = local.metrics
  project     = var.project_id
  name        = "${var.name}/${each.key}"
  description = "docs/observability.md"
  filter      = "${local.our_lines} AND jsonPayload.metrics.${each.key}.value:*"
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.kind == "counter" ? "INT64" : "DISTRIBUTION"
    unit        = each.value.unit
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
  value_extractor  = each.value.kind == "counter" ? null : "EXTRACT(jsonPayload.metrics.${each.key}.value)"
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.metrics.${each.key}.labels.${label})" }
  dynamic "bucket_options" {
    for_each = each.value.kind == "counter" ? [] : [local.metric_bounds[each.value.kind]]
    content {
      explicit_buckets {
        bounds = bucket_options.value
      }
    }
  }
  depends_on = [google_project_service.this]
}

# What only sweeps write: its absence is an alert.
resource "google_logging_metric" "sweeps_completed" {
  project     = var.project_id
  name        = "${var.name}/sweeps_completed"
  description = "Sweeps that came to their end"
  filter      = "${local.our_lines} AND jsonPayload.message=\"Event published\" AND jsonPayload.event=\"sweep.completed\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
  depends_on = [google_project_service.this]
}

resource "google_logging_metric" "events" {
  project     = var.project_id
  name        = "${var.name}/events"
  description = "Status events by type and severity"
  filter      = "${local.our_lines} AND jsonPayload.message=\"Event published\""
  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    labels {
      key        = "type"
      value_type = "STRING"
    }
    labels {
      key        = "severity"
      value_type = "STRING"
    }
  }
  label_extractors = {
    type     = "EXTRACT(jsonPayload.event)"
    severity = "EXTRACT(severity)"
  }
  depends_on = [google_project_service.this]
}
