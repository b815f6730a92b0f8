# What cloudbuild.yaml runs as, where it pushes our image, and the key that signs it.

locals {
  signs          = var.builder.enabled && var.builder.sign
  builder_member = join("", [for account in google_service_account.builder : "serviceAccount:${account.account_id}@${account.project}.iam.gserviceaccount.com"])
}

resource "google_service_account" "builder" {
  count        = var.builder.enabled ? 1 : 0
  project      = var.project_id
  account_id   = "${var.name}-builder"
  display_name = "Countersign: builder"
  description  = "What Cloud Build runs as; it deploys images, and can do nothing else to the services"
  depends_on   = [google_project_service.this]
}

resource "google_artifact_registry_repository" "image" {
  count         = var.builder.enabled ? 1 : 0
  project       = var.project_id
  location      = var.region
  repository_id = var.name
  description   = "Countersign's own image"
  format        = "DOCKER"
  labels        = var.labels
  depends_on    = [google_project_service.this]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  count      = var.builder.enabled ? 1 : 0
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.image[0].repository_id
  role       = "roles/artifactregistry.writer"
  member     = local.builder_member
}

resource "google_cloud_run_v2_service_iam_member" "deploy" {
  for_each = var.builder.enabled ? local.functions : []
  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.this[each.key].name
  role     = "roles/run.developer"
  member   = local.builder_member
}

# A new revision runs as the function's account: who deploys must be allowed to hand it over.
resource "google_service_account_iam_member" "deploy" {
  for_each           = var.builder.enabled ? local.functions : []
  service_account_id = google_service_account.function[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = local.builder_member
}

resource "google_project_iam_member" "build_log" {
  count   = var.builder.enabled ? 1 : 0
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = local.builder_member
}

# `gcloud builds submit` puts the sources there.
resource "google_project_iam_member" "build_source" {
  count   = var.builder.enabled ? 1 : 0
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = local.builder_member
  condition {
    title      = "${var.name}-build-sources"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project_id}_cloudbuild\")"
  }
}

resource "google_kms_key_ring" "this" {
  count      = local.signs ? 1 : 0
  project    = var.project_id
  location   = var.region
  name       = var.name
  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key" "release" {
  count    = local.signs ? 1 : 0
  key_ring = google_kms_key_ring.this[0].id
  name     = "release"
  purpose  = "ASYMMETRIC_SIGN"
  labels   = var.labels
  version_template {
    # What cosign makes of a key in Cloud KMS, and every verifier knows.
    algorithm        = "EC_SIGN_P256_SHA256"
    protection_level = "SOFTWARE"
  }
  lifecycle {
    # What it signed could not be verified any more.
    prevent_destroy = true
  }
}

resource "google_kms_crypto_key_iam_member" "sign" {
  for_each      = local.signs ? toset(["roles/cloudkms.signer", "roles/cloudkms.publicKeyViewer"]) : []
  crypto_key_id = google_kms_crypto_key.release[0].id
  role          = each.key
  member        = local.builder_member
}

# Those who publish configs sign with it too. A key of their own is better where others build this service: name it in
# trust, and leave this one to the builder.
resource "google_kms_crypto_key_iam_member" "publish" {
  for_each = local.signs ? {
    for pair in setproduct(["roles/cloudkms.signer", "roles/cloudkms.publicKeyViewer"], var.publishers) : "${pair[0]}/${pair[1]}" => pair
  } : {}
  crypto_key_id = google_kms_crypto_key.release[0].id
  role          = each.value[0]
  member        = each.value[1]
}
