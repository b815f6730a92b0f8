locals {
  # From left to right, top to bottom; three in a row. Of histograms a percentile over all instances, of gauges the mean
  # of what was observed in a minute, of counters the sum.
  chart_reducers = { histogram = "REDUCE_PERCENTILE_95", gauge = "REDUCE_MEAN", counter = "REDUCE_SUM", sum = "REDUCE_SUM" }
  charts = [
    { title = "Push to approved (s, 95th percentile)", metric = "push_to_approved", by = [] },
    { title = "Approved to synced (s, 95th percentile)", metric = "approved_to_synced", by = [] },
    { title = "Verdicts", metric = "verdicts", by = ["metric.label.verdict"] },
    { title = "RSyncs by phase", metric = "fleet_rsyncs", by = ["metric.label.phase"] },
    { title = "Clusters by state", metric = "fleet_clusters", by = ["metric.label.state"] },
    { title = "Transitions of RSyncs", metric = "transitions", by = ["metric.label.type"] },
    { title = "Messages handed back", metric = "retries", by = ["metric.label.code"] },
    { title = "Messages given up", metric = "given_up", by = ["metric.label.code"] },
    { title = "Errors of clusters", metric = "cluster_errors", by = ["metric.label.code"] },
    { title = "Sweep duration (s, 95th percentile)", metric = "sweep_duration", by = [] },
    { title = "Sweep lag (s)", metric = "sweep_lag", by = [] },
    { title = "Sweep stretch", metric = "sweep_stretch", by = [] },
  ]
  google_charts = [
    { title = "Oldest message (s)", filter = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
    { title = "Dead letters", filter = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
    { title = "Instances", filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/container/instance_count\"", aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
  ]
  tiles = concat(
    [for chart in local.charts : {
      title   = chart.title
      filter  = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${var.name}/${chart.metric}\""
      aligner = "ALIGN_DELTA"
      reducer = local.chart_reducers[local.metrics[chart.metric].kind]
      by      = chart.by
    }],
    local.google_charts,
  )
}

resource "google_monitoring_dashboard" "this" {
  count   = var.alerts ? 1 : 0
  project = var.project_id
  dashboard_json = jsonencode({
    displayName = "Countersign"
    mosaicLayout = {
      columns = 48
      tiles = [for index, tile in local.tiles : {
        xPos   = index % 3 * 16
        yPos   = floor(index / 3) * 16
        width  = 16
        height = 16
        widget = {
          title = tile.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = tile.filter
                  aggregation = {
                    alignmentPeriod    = "60s"
                    perSeriesAligner   = tile.aligner
                    crossSeriesReducer = tile.reducer
                    groupByFields      = tile.by
                  }
                }
              }
            }]
          }
        }
      }]
    }
  })
  depends_on = [google_logging_metric.this, google_logging_metric.events]
}
