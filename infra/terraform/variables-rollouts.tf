# Staged roll-outs (docs/adr/0026): what becomes `rollouts` and `records` of countersign.yaml. An entry of images
# names its strategy.

variable "records" {
  description = "Keep what roll-outs have decided in a Firestore database of its own, with delete protection, point-in-time recovery and a daily backup that is kept for backup_days. database: its name, NAME-records where it is not given. existing: the database is there already, for example cloned from a backup; it is used, and not managed. history_days: keep every status event there for so many days, for GET /v1/history, by a function of its own. Needed where an entry of images has a rollout; null: no database."
  type = object({
    database     = optional(string)
    existing     = optional(bool, false)
    backup_days  = optional(number, 98)
    history_days = optional(number)
  })
  default = null
  validation {
    condition     = var.records == null ? true : var.records.database == null ? true : can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.records.database))
    error_message = "Write an id of Firestore: 4 to 63 lower-case letters, digits and hyphens."
  }
  validation {
    # Firestore keeps none for longer.
    condition     = var.records == null ? true : var.records.backup_days >= 1 && var.records.backup_days <= 98 && floor(var.records.backup_days) == var.records.backup_days
    error_message = "Write a whole number of days, from 1 to 98."
  }
  validation {
    # shared/config/limits.ts, MAX_HISTORY_DAYS.
    condition     = try(var.records.history_days, null) == null ? true : var.records.history_days >= 1 && var.records.history_days <= 3653 && floor(var.records.history_days) == var.records.history_days
    error_message = "Write a whole number of days, from 1 to 3653."
  }
}

variable "rollouts" {
  description = "Strategies of staged roll-outs by name, the windows in which stages start something, and freezes; see docs/config.md. Limits are numbers of clusters, or shares: \"25%\"."
  type = object({
    clusters_at_once = optional(number)
    strategies = optional(map(object({
      stages = list(object({
        name            = string
        clusters        = optional(string)
        order_by        = optional(string)
        max_concurrency = optional(string)
        max_failures    = optional(string)
        max_unreachable = optional(string)
        soak            = optional(string)
        checks = optional(list(object({
          name       = string
          prometheus = optional(object({ url = string, query = string }))
          monitoring = optional(object({ project = string, query = string }))
          http       = optional(object({ url = string, status = optional(number), contains = optional(string) }))
          above      = optional(number)
          below      = optional(number)
          equals     = optional(number)
          for        = optional(string)
          fail_after = optional(string)
        })))
        approval = optional(object({
          approvers = optional(list(string))
          count     = optional(number)
        }))
        signed_by = optional(string)
        windows   = optional(string)
        if_empty  = optional(string)
      }))
      progress_deadline = optional(string)
      on_failure        = optional(string)
      on_newer          = optional(string)
      new_clusters      = optional(string)
    })), {})
    windows = optional(map(object({
      time_zone = string
      weekly = list(object({
        days = list(string)
        from = string
        to   = string
      }))
    })), {})
    freezes = optional(list(object({
      name      = string
      time_zone = string
      from      = string
      to        = string
      clusters  = optional(string)
    })), [])
  })
  default  = {}
  nullable = false
  validation {
    condition = alltrue(flatten([for strategy in values(var.rollouts.strategies) : [for stage in strategy.stages :
      [for limit in [stage.max_concurrency, stage.max_failures, stage.max_unreachable] : limit == null ? true : can(regex("^([0-9]{1,6}|(100|[0-9]{1,2}([.][0-9]{1,2})?)%)$", limit))]
    ]]))
    error_message = "Write limits as whole numbers of clusters or as shares of the stage: 25%"
  }
  validation {
    condition = alltrue(flatten([for strategy in values(var.rollouts.strategies) : [for stage in strategy.stages : [
      stage.windows == null ? true : contains(keys(var.rollouts.windows), stage.windows),
      stage.signed_by == null ? true : contains(keys(var.trust), stage.signed_by),
    ]]]))
    error_message = "Stages name windows of windows, and policies of trust."
  }
  validation {
    condition = alltrue(flatten([for strategy in values(var.rollouts.strategies) : [
      for duration in concat([strategy.progress_deadline], strategy.stages[*].soak, flatten([for stage in strategy.stages : [for check in coalesce(stage.checks, []) : [check.for, check.fail_after]]])) :
      duration == null ? true : can(regex("^([0-9]{1,9}([.][0-9]{1,9})?(ms|h|m|s))+$", duration))
    ]]))
    error_message = "Write durations as Go does: 90s, 15m, 1h30m."
  }
  validation {
    condition = alltrue(flatten([for strategy in values(var.rollouts.strategies) : [for stage in strategy.stages : [for check in coalesce(stage.checks, []) : [
      length([for kind in [check.prometheus, check.monitoring, check.http] : kind if kind != null]) == 1,
      length([for bound in [check.above, check.below, check.equals] : bound if bound != null]) == (check.http == null ? 1 : 0),
    ]]]]))
    error_message = "A check has exactly one of prometheus, monitoring and http, and a query exactly one of above, below and equals."
  }
  validation {
    condition = alltrue(flatten([for strategy in values(var.rollouts.strategies) : [
      length(strategy.stages) > 0,
      contains(["pause", "rollback"], coalesce(strategy.on_failure, "pause")),
      contains(["replace", "queue"], coalesce(strategy.on_newer, "replace")),
      contains(["previous", "newest", "wait"], coalesce(strategy.new_clusters, "newest")),
      [for stage in strategy.stages : contains(["skip", "wait"], coalesce(stage.if_empty, "skip"))],
    ]]))
    error_message = "Write at least one stage, on_failure pause or rollback, on_newer replace or queue, new_clusters previous, newest or wait, and if_empty skip or wait."
  }
}

variable "may_hold" {
  description = "Who may set and lift holds of RSyncs in the clusters, which keep roll-outs away from them: countersign, or anyone who may write the RSync. Render and apply the gate anew after a change."
  type        = string
  default     = "countersign"
  nullable    = false
  validation {
    condition     = contains(["countersign", "anyone"], var.may_hold)
    error_message = "Write countersign or anyone."
  }
}
