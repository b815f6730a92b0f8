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
  description = "E-mail addresses of those who may publish configs, start resyncs and replay dead letters."
  type        = list(string)
}

provider "google" {
  project = var.project_id
  region  = var.region
}

locals {
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

  api        = { invokers = var.people }
  publishers = [for email in var.people : "user:${email}"]
  operators  = [for email in var.people : "user:${email}"]
}

output "config" {
  value = module.countersign.config
}

output "cluster_rbac" {
  value = module.countersign.cluster_rbac
}

output "services" {
  value = module.countersign.services
}

# What tokens for the API are made for, beside the functions' own (docs/api.md).
output "audiences" {
  value = module.countersign.audiences
}
