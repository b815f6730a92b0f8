output "config" {
  description = "countersign.yaml as it is mounted: for `countersign config check`, `countersign gate render` and `countersign preflight`."
  value       = local.config_text
}

output "services" {
  description = "URLs of the functions."
  value       = { for name, service in google_cloud_run_v2_service.this : name => service.uri }
}

output "audiences" {
  description = "What ID tokens for each function must be made for."
  value       = { for name in local.functions : name => local.audiences[name] }
}

output "identity" {
  description = "Who Countersign is in the clusters: bind it to the ClusterRole of infra/kubernetes/rbac."
  value       = local.emails["cluster"]
}

output "accounts" {
  description = "Service accounts of the functions and of their callers."
  value = {
    functions = local.emails
    callers   = local.caller_emails
  }
}

output "topics" {
  description = "Topics of the config file, by their full names."
  value       = local.config.topics
}

output "subscriptions" {
  description = "Subscriptions that functions are called by, with their endpoints' paths."
  value       = { for key, subscription in local.pushed : subscription.name => subscription.path }
}

output "readers" {
  description = "Kubernetes service accounts of the reconcilers, by RSync."
  value       = { for key, reader in local.reconcilers : key => reader.account }
}

output "repositories" {
  description = "Repositories that the config names, and that are read."
  value       = keys(local.followed)
}

output "cluster_rbac" {
  description = "For every cluster, as YAML: what the function cluster may do there, and the API, which only looks."
  value       = local.cluster_rbac
}
