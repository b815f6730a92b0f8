# What roll-outs have decided (docs/store.md#records): small, backed up, and never deleted with anything. What happens
# without it: docs/restore.md#the-records.

locals {
  has_records      = var.records != null
  has_history      = local.has_records ? var.records.history_days != null : false
  records_database = local.has_records ? coalesce(var.records.database, "${var.name}-records") : null
  # As the store's: a role on the one database, by a condition.
  records_condition = {
    title      = "${var.name}-records"
    expression = "resource.name==\"projects/${var.project_id}/databases/${coalesce(local.records_database, "none")}\""
  }
}

resource "google_firestore_database" "records" {
  count                             = local.has_records ? (var.records.existing ? 0 : 1) : 0
  project                           = var.project_id
  name                              = local.records_database
  location_id                       = var.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "OPTIMISTIC"
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  # Whatever Terraform is asked for: it forgets the database, and leaves it.
  deletion_policy = "ABANDON"
  depends_on      = [google_project_service.this]
}

resource "google_firestore_backup_schedule" "records" {
  count     = local.has_records ? 1 : 0
  project   = var.project_id
  database  = local.records_database
  retention = "${var.records.backup_days * 86400}s"
  daily_recurrence {}
  lifecycle {
    precondition {
      condition     = local.records_database != google_firestore_database.this.name
      error_message = "That database is the store, which may be deleted at any time: name another one under records."
    }
  }
  depends_on = [google_firestore_database.records]
}

# Never queried: the text of a record, and the name of the write that put it there.
resource "google_firestore_field" "records" {
  for_each   = local.has_records ? toset(["record", "write"]) : []
  project    = var.project_id
  database   = local.records_database
  collection = "rollouts"
  field      = each.key
  index_config {}
  depends_on = [google_firestore_database.records]
}

# The history (docs/store.md#history), in the same database: each entry says when it may go, and is never queried but by
# what is asked for.
resource "google_firestore_field" "history_entry" {
  count      = local.has_history ? 1 : 0
  project    = var.project_id
  database   = local.records_database
  collection = "history"
  field      = "entry"
  index_config {}
  depends_on = [google_firestore_database.records]
}

resource "google_firestore_field" "history_expiry" {
  count      = local.has_history ? 1 : 0
  project    = var.project_id
  database   = local.records_database
  collection = "history"
  field      = "expireAt"
  index_config {}
  ttl_config {}
  depends_on = [google_firestore_database.records]
}

# Existing documents are none of its business: what is recorded stays, and so do the records beside it, though
# Firestore's IAM ends at the database.
resource "google_project_iam_custom_role" "history" {
  count       = local.has_history ? 1 : 0
  project     = var.project_id
  role_id     = "${replace(var.name, "-", "_")}HistoryWriter"
  title       = "Countersign: history writer"
  description = "What history of Countersign may do in the database of the records: add documents, and read"
  permissions = ["datastore.entities.create", "datastore.entities.get", "datastore.entities.list"]
  depends_on  = [google_project_service.this]
}

resource "google_project_iam_member" "history" {
  count   = local.has_history ? 1 : 0
  project = var.project_id
  role    = google_project_iam_custom_role.history[0].name
  member  = local.members["history"]
  condition {
    title      = local.records_condition.title
    expression = local.records_condition.expression
  }
}

# Who starts, advances and commands roll-outs.
resource "google_project_iam_member" "records" {
  for_each = { for function in local.has_records ? ["push", "sweep", "api"] : [] : function => "roles/datastore.user" if local.enabled[function] }
  project  = var.project_id
  role     = each.value
  member   = local.members[each.key]
  condition {
    title      = local.records_condition.title
    expression = local.records_condition.expression
  }
}

# Workers only ask what is admitted.
resource "google_project_iam_member" "records_reader" {
  count   = local.has_records ? 1 : 0
  project = var.project_id
  role    = "roles/datastore.viewer"
  member  = local.members["cluster"]
  condition {
    title      = local.records_condition.title
    expression = local.records_condition.expression
  }
}
