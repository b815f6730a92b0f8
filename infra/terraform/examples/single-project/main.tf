# Everything in one project: fleet, configs and Countersign. Written for docs/google-cloud.md.

terraform {
  required_version = ">= 1.9.0"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.21.0, < 8.0.0"
    }
  }
}

variable "project_id" {
  description = "Project of the fleet, the configs and Countersign."
  type        = string
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "us-central1"
}

variable "people" {
  description = "E-mail addresses of those who may publish configs, call the API and replay dead letters."
  type        = list(string)
}

provider "google" {
  project = var.project_id
  region  = var.region
}

locals {
  caller   = "countersign-caller@${var.project_id}.iam.gserviceaccount.com"
  key_ring = "projects/${var.project_id}/locations/${var.region}/keyRings/countersign"
}

module "countersign" {
  source     = "../.."
  project_id = var.project_id
  region     = var.region

  # The repository of Google's guide: AR_REPO_NAME in AR_REGION.
  repository = { id = "configs" }

  images = [{
    match = "${var.region}-docker.pkg.dev/${var.project_id}/configs/**"
    trust = "release"
  }]
  # The key that the module makes, which builds sign with (infra/examples/publish-config).
  trust = {
    release = {
      authorities = [{
        name = "release-key"
        key  = { kms = "gcpkms://${local.key_ring}/cryptoKeys/release/cryptoKeyVersions/1" }
      }]
    }
  }

  # Whose reconcilers pull: the guide's RootSync, and a tenant's RepoSync.
  readers = [
    { kind = "RootSync", name = "root-sync" },
    { kind = "RepoSync", namespace = "team-a", name = "repo-sync" },
  ]

  # For a token with the API's audience people impersonate an account (below): Google makes such tokens of service
  # accounts only. It is this account that the API knows and records.
  api        = { invokers = [local.caller] }
  publishers = [for email in var.people : "user:${email}"]
  operators  = [for email in var.people : "user:${email}"]
}

resource "google_service_account" "caller" {
  project      = var.project_id
  account_id   = "countersign-caller"
  display_name = "Countersign: caller of the API"
  description  = "Whom people impersonate to call the API; it may do nothing else"
  depends_on   = [module.countersign]
}

# gcloud asks for an access token of the account before it asks for the ID token: serviceAccountOpenIdTokenCreator is not
# enough.
resource "google_service_account_iam_member" "people" {
  for_each           = toset(var.people)
  service_account_id = google_service_account.caller.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = "user:${each.key}"
}

output "config" {
  value = module.countersign.config
}

# What a call of the API takes (docs/google-cloud.md): where it is, whom people impersonate, and what the token is for.
output "api_url" {
  value = module.countersign.services["api"]
}

output "api_caller" {
  value = local.caller
}

output "api_audience" {
  value = module.countersign.audiences["api"]
}

output "cluster_rbac" {
  value = module.countersign.cluster_rbac
}

output "services" {
  value = module.countersign.services
}
