terraform {
  # 1.9: validations that name more than one variable.
  required_version = ">= 1.9.0"
  required_providers {
    google = {
      source = "hashicorp/google"
      # The tests check the module against the schema of 6.50.0.
      version = "~> 6.50"
    }
  }
}
