mock_provider "google" {
  source          = "../../tests/mocks"
  override_during = plan
}

variables {
  project_id = "acme-prod"
  people     = ["ops@acme.example"]
}

run "plan" {
  command = plan

  assert {
    condition     = strcontains(output.cluster_rbac, "\"name\": \"countersign@acme-prod.iam.gserviceaccount.com\"")
    error_message = "The clusters know Countersign's identity."
  }
  assert {
    condition     = yamldecode(output.config).images[0].match == "us-central1-docker.pkg.dev/acme-prod/configs/**"
    error_message = "The repository of Google's guide is followed."
  }
}
