# `rollouts` and `records` of countersign.yaml. Only what is asked for: an older version refuses keys that it does not
# know.

locals {
  # What is a number becomes one: a condition would make texts of both.
  limits = { for text in distinct(flatten([for strategy in values(var.rollouts.strategies) : [for stage in strategy.stages :
    [for limit in [stage.max_concurrency, stage.max_failures, stage.max_unreachable] : limit if limit != null]
  ]])) : text => jsondecode(can(tonumber(text)) ? text : jsonencode(text)) }

  stages = { for name, strategy in var.rollouts.strategies : name => [for stage in strategy.stages : merge(
    { name = stage.name },
    stage.clusters == null ? {} : { clusters = stage.clusters },
    stage.order_by == null ? {} : { orderBy = stage.order_by },
    stage.max_concurrency == null ? {} : { maxConcurrency = local.limits[stage.max_concurrency] },
    stage.max_failures == null ? {} : { maxFailures = local.limits[stage.max_failures] },
    stage.max_unreachable == null ? {} : { maxUnreachable = local.limits[stage.max_unreachable] },
    stage.soak == null ? {} : { soak = stage.soak },
    stage.checks == null ? {} : { checks = [for check in stage.checks : merge(
      { name = check.name },
      check.prometheus == null ? {} : { prometheus = check.prometheus },
      check.monitoring == null ? {} : { monitoring = check.monitoring },
      check.http == null ? {} : { http = { for key, value in check.http : key => value if value != null } },
      { for key in ["above", "below", "equals", "for"] : key => check[key] if check[key] != null },
      check.fail_after == null ? {} : { failAfter = check.fail_after },
    )] },
    stage.approval == null ? {} : { approval = { for key, value in stage.approval : key => value if value != null } },
    stage.signed_by == null ? {} : { signedBy = stage.signed_by },
    stage.windows == null ? {} : { windows = stage.windows },
    stage.if_empty == null ? {} : { ifEmpty = stage.if_empty },
  )] }

  strategies = { for name, strategy in var.rollouts.strategies : name => merge(
    { stages = local.stages[name] },
    strategy.progress_deadline == null ? {} : { progressDeadline = strategy.progress_deadline },
    strategy.on_failure == null ? {} : { onFailure = strategy.on_failure },
    strategy.on_newer == null ? {} : { onNewer = strategy.on_newer },
    strategy.new_clusters == null ? {} : { newClusters = strategy.new_clusters },
  ) }

  rollouts = merge(
    var.rollouts.clusters_at_once == null ? {} : { clustersAtOnce = var.rollouts.clusters_at_once },
    length(local.strategies) == 0 ? {} : { strategies = local.strategies },
    length(var.rollouts.windows) == 0 ? {} : { windows = { for name, window in var.rollouts.windows : name => {
      timeZone = window.time_zone
      weekly   = window.weekly
    } } },
    length(var.rollouts.freezes) == 0 ? {} : { freezes = [for freeze in var.rollouts.freezes : merge(
      { name = freeze.name, timeZone = freeze.time_zone, from = freeze.from, to = freeze.to },
      freeze.clusters == null ? {} : { clusters = freeze.clusters },
    )] },
  )

  rollout_settings = merge(
    length(local.rollouts) == 0 ? {} : { rollouts = local.rollouts },
    local.has_records ? { records = { firestore = { project = var.project_id, database = local.records_database } } } : {},
    local.has_history ? { history = { days = var.records.history_days } } : {},
  )
}

# Projects whose metrics the checks of stages are about.
locals {
  monitored_projects = toset(flatten([for strategy in values(var.rollouts.strategies) : [for stage in strategy.stages :
    [for check in coalesce(stage.checks, []) : check.monitoring.project if check.monitoring != null]
  ]]))
}

# Sweeps ask the checks.
resource "google_project_iam_member" "monitoring" {
  for_each = local.monitored_projects
  project  = each.value
  role     = "roles/monitoring.viewer"
  member   = local.members["sweep"]
}
