terraform {
  # 1.9: validations that name more than one variable.
  required_version = ">= 1.9.0"
  required_providers {
    google = {
      source = "hashicorp/google"
      # 7.21 is the first with iap_enabled. What of it the tests have: test/terraform/README.md.
      version = ">= 7.21.0, < 8.0.0"
    }
  }
}
