mock_data "google_project" {
  defaults = { number = "123456789012" }
}

mock_resource "google_cloud_run_v2_service" {
  defaults = { uri = "https://service.example.run.app" }
}
