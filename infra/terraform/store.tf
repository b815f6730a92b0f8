# The throw-away store (docs/store.md): losing it costs calls and duplicate events. No back-ups, no protection.

resource "google_firestore_database" "this" {
  project                 = var.project_id
  name                    = var.name
  location_id             = var.region
  type                    = "FIRESTORE_NATIVE"
  concurrency_mode        = "OPTIMISTIC"
  delete_protection_state = "DELETE_PROTECTION_DISABLED"
  deletion_policy         = "DELETE"
  depends_on              = [google_project_service.this]
}

locals {
  store_groups = ["clusters", "parts", "images", "notes"]
  # Never queried, and so not indexed: writes are cheaper.
  store_unindexed = ["record", "revision", "edition", "parts"]
  store_fields = concat(
    [for pair in setproduct(local.store_groups, local.store_unindexed) : { group = pair[0], field = pair[1] }],
    # What a push reads whole: an index of each name in it would be in the way of its writes.
    [{ group = "clusters", field = "reconciledAt" }, { group = "names", field = "clusters" }],
  )
}

resource "google_firestore_field" "unindexed" {
  for_each   = { for entry in local.store_fields : "${entry.group}/${entry.field}" => entry }
  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = each.value.group
  field      = each.value.field
  index_config {}
}

# Each document says when it may go.
resource "google_firestore_field" "expiry" {
  for_each   = toset(local.store_groups)
  project    = var.project_id
  database   = google_firestore_database.this.name
  collection = each.key
  field      = "expireAt"
  index_config {}
  ttl_config {}
}

resource "google_project_iam_member" "store" {
  for_each = { for function in ["push", "cluster", "sweep"] : function => "roles/datastore.user" }
  project  = var.project_id
  role     = each.value
  member   = local.members[each.key]
  condition {
    title      = "${var.name}-store"
    expression = "resource.name==\"projects/${var.project_id}/databases/${var.name}\""
  }
}

# The API only reads it.
resource "google_project_iam_member" "store_reader" {
  count   = var.api.enabled ? 1 : 0
  project = var.project_id
  role    = "roles/datastore.viewer"
  member  = local.members["api"]
  condition {
    title      = "${var.name}-store"
    expression = "resource.name==\"projects/${var.project_id}/databases/${var.name}\""
  }
}
