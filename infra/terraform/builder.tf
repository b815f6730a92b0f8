# What cloudbuild.yaml runs as, where it pushes our image, and the key that signs it.

locals {
  signs          = var.builder.enabled && var.builder.sign
  makes_key      = local.signs && !var.builder.existing_key
  release_key    = "projects/${var.project_id}/locations/${var.region}/keyRings/${var.name}/cryptoKeys/release"
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
  count      = local.makes_key ? 1 : 0
  project    = var.project_id
  location   = var.region
  name       = var.name
  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key" "release" {
  count    = local.makes_key ? 1 : 0
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

# What cosign asks of a key by gcpkms://: it looks at the key and at the version before it signs or verifies, though the
# version is named (sigstore/sigstore#467). The predefined roles for signing have neither, and cloudkms.viewer has more.
resource "google_project_iam_custom_role" "signer" {
  count       = local.signs ? 1 : 0
  project     = var.project_id
  role_id     = "${replace(var.name, "-", "_")}KeySigner"
  title       = "Countersign: key signer"
  description = "What cosign needs of a key in Cloud KMS, to sign with it and to verify"
  permissions = [
    "cloudkms.cryptoKeys.get",
    "cloudkms.cryptoKeyVersions.get",
    "cloudkms.cryptoKeyVersions.useToSign",
    "cloudkms.cryptoKeyVersions.viewPublicKey",
  ]
  depends_on = [google_project_service.this]
}

resource "google_kms_crypto_key_iam_member" "sign" {
  count         = local.signs ? 1 : 0
  crypto_key_id = local.release_key
  role          = google_project_iam_custom_role.signer[0].name
  member        = local.builder_member
  depends_on    = [google_kms_crypto_key.release]
}

# Those who publish configs sign with it too. A key of their own is better where others build this service: name it in
# trust, and leave this one to the builder.
resource "google_kms_crypto_key_iam_member" "publish" {
  for_each      = local.signs ? var.publishers : []
  crypto_key_id = local.release_key
  role          = google_project_iam_custom_role.signer[0].name
  member        = each.key
  depends_on    = [google_kms_crypto_key.release]
}
