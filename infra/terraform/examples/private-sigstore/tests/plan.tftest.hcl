mock_provider "google" {
  source          = "../../tests/mocks"
  override_during = plan
}

run "plan" {
  command = plan

  assert {
    condition     = yamldecode(output.config).trust.release.authorities[0].trustedRoot.file == "../roots/release-release-pipeline/trusted_root.json"
    error_message = "The trusted root is mounted beside the config."
  }
  assert {
    condition     = yamldecode(output.config).trust.open.allowUnsigned && !can(yamldecode(output.config).trust.open.authorities)
    error_message = "Unsigned images are allowed where it is said, and nowhere else."
  }
}
