mock_provider "google" {
  source          = "../../tests/mocks"
  override_during = plan
}

run "plan" {
  command = plan

  assert {
    condition     = jsonencode(yamldecode(output.config).fleet.gkeHub.projects) == jsonencode(["acme-fleet-prod", "acme-fleet-staging"])
    error_message = "Both fleets are looked after."
  }
  assert {
    condition     = yamldecode(output.config).access.api.audience == "/projects/123456789012/locations/europe-west1/services/countersign-api"
    error_message = "IAP's assertion is for the service."
  }
  assert {
    condition     = length(yamldecode(output.config).trust.release.authorities) == 2 && yamldecode(output.config).trust.release.require == 2
    error_message = "Two authorities, both of them."
  }
}
