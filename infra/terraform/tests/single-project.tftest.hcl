mock_provider "google" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  project_id = "acme-prod"
  region     = "us-central1"
  images     = [{ match = "us-docker.pkg.dev/acme-prod/configs/**", trust = "release" }]
  trust = { release = { authorities = [{
    name = "release-key"
    key  = { kms = "gcpkms://projects/acme-prod/locations/us-central1/keyRings/countersign/cryptoKeys/release/cryptoKeyVersions/1" }
  }] } }
  repository = { location = "us" }
  readers = [
    { kind = "RootSync", name = "root-sync" },
    { kind = "RootSync", name = "platform" },
    { kind = "RepoSync", namespace = "team-a", name = "repo-sync" },
    { kind = "RepoSync", namespace = "team-a", name = "extra" },
  ]
  api = { viewers = ["dev@acme.example"], invokers = ["ops@acme.example"] }
}

run "plan" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.configs[0].location == "us"
    error_message = "repository"
  }
  assert {
    condition     = yamldecode(output.config).gate.identity == "countersign@acme-prod.iam.gserviceaccount.com"
    error_message = output.config
  }
  assert {
    condition     = google_pubsub_subscription.push["tasks"].push_config[0].push_endpoint == "https://service.example.run.app/tasks"
    error_message = "endpoint"
  }
}
