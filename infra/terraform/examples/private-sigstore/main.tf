# Signatures from a sigstore of one's own: its certificate authority and its log, by a trusted root in a file; and a
# mirror of another party's configs, by their public key.

terraform {
  required_version = ">= 1.9.0"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.21.0, < 8.0.0"
    }
  }
}

provider "google" {
  project = "acme-countersign"
  region  = "us-central1"
}

module "countersign" {
  source     = "../.."
  project_id = "acme-countersign"
  region     = "us-central1"

  images = [
    { match = "us-docker.pkg.dev/acme-configs/prod/**", trust = "release" },
    { match = "us-docker.pkg.dev/acme-configs/mirror/**", trust = "vendor" },
    { match = "registry.acme.example:5000/sandbox/**", trust = "open", clusters = "env = sandbox" },
  ]
  registries = [{ host = "registry.acme.example:5000" }]
  trust = {
    release = {
      authorities = [{
        name = "release-pipeline"
        keyless = {
          issuer         = "https://issuer.acme.example"
          subject_regexp = "^https://ci\\.acme\\.example/release/(?:prod|hotfix)$"
          claims         = { buildTrigger = "push" }
        }
        trusted_root = file("${path.module}/trusted_root.json")
      }]
      format = "bundle"
    }
    vendor = {
      authorities = [{
        name             = "vendor-key"
        key              = { pem = file("${path.module}/vendor.pub") }
        transparency_log = "require"
        trusted_root     = file("${path.module}/trusted_root.json")
      }]
    }
    # Explicit, and every approval under it is a warning.
    open = { allow_unsigned = true }
  }
  unmatched = "ignore"
  sweep     = { period = "30m", withdraw_brake = "2%" }

  api = { enabled = false }
  # printf %s "$SECRET" | sha256sum; the secret itself is in the clusters' webhook (infra/kubernetes/webhook/central).
  admission = { enabled = true, secret_sha256 = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"] }
  builder   = { enabled = false }
  alerts    = false
}

output "config" {
  value = module.countersign.config
}
