# Who may do what: people at the API, Config Sync at the repositories, operators at the dead letters.

variable "api" {
  description = "How people reach the API. verify: Countersign checks their ID tokens, for the audience. iap: Identity-Aware Proxy signs them in, for the page in a browser. Viewers look, invokers also start resyncs and stop roll-outs, approvers also approve stages of roll-outs, overriders also do what invokers do, open stages before their time, and roll back to other digests than were completed last."
  type = object({
    enabled    = optional(bool, true)
    mode       = optional(string, "verify")
    audience   = optional(string)
    viewers    = optional(list(string), [])
    invokers   = optional(list(string), [])
    approvers  = optional(list(string), [])
    overriders = optional(list(string), [])
    ingress    = optional(string, "INGRESS_TRAFFIC_ALL")
  })
  nullable = false
  validation {
    condition     = contains(["verify", "iap"], var.api.mode)
    error_message = "Write mode verify or iap."
  }
  validation {
    condition     = !var.api.enabled || length(concat(var.api.viewers, var.api.invokers, var.api.approvers, var.api.overriders)) > 0
    error_message = "Let at least one person in, or say enabled = false."
  }
  validation {
    condition     = alltrue([for email in concat(var.api.viewers, var.api.invokers, var.api.approvers, var.api.overriders) : can(regex("^[^@: ]+@[^@: ]+[.][^@: ]+$", email))])
    error_message = "Write e-mail addresses, without user: or group: ID tokens carry no groups."
  }
  validation {
    condition     = var.api.audience == null || var.api.mode == "verify"
    error_message = "Under iap the audience is the service's own."
  }
  validation {
    condition     = contains(["INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"], var.api.ingress)
    error_message = "Write an ingress setting of Cloud Run."
  }
}

variable "admission" {
  description = "The central form of the admission webhook. Clusters show who they are by a secret at the end of the URL, of which secret_sha256 has the SHA-256 in hex (managed API servers have no other way; two while it is replaced), or by an ID token of one of emails. mode warn lets everything in, and says what deny would refuse. The gate and the in-cluster form need none of it."
  type = object({
    enabled       = optional(bool, false)
    secret_sha256 = optional(list(string), [])
    emails        = optional(list(string), [])
    mode          = optional(string, "deny")
  })
  default  = {}
  nullable = false
  validation {
    condition     = !var.admission.enabled || (length(var.admission.emails) > 0) != (length(var.admission.secret_sha256) > 0)
    error_message = "Give either secret_sha256, for clusters that can show nothing but the URL, or emails, whom the clusters call as."
  }
  validation {
    condition     = alltrue([for hash in var.admission.secret_sha256 : can(regex("^[0-9a-f]{64}$", hash))])
    error_message = "Write SHA-256 in 64 lower-case hex digits: printf %s \"$SECRET\" | sha256sum"
  }
  validation {
    condition     = contains(["deny", "warn"], var.admission.mode)
    error_message = "Write mode deny or warn."
  }
}

variable "break_glass" {
  description = "User names in the clusters of those who may set break-glass."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for user in var.break_glass : can(regex("^[A-Za-z0-9@._:/#=+\\[\\]-]+$", user))])
    error_message = "Write user names as the API server sees them."
  }
}

variable "readers" {
  description = "RootSyncs and RepoSyncs whose reconcilers may read repositories of images (LOCATION-docker.pkg.dev/PROJECT/REPOSITORY; null: all of them): by their Kubernetes service account (auth: k8sserviceaccount), or as a Google service account (auth: gcpserviceaccount) that exists."
  type = list(object({
    kind                   = string
    namespace              = optional(string)
    name                   = string
    repositories           = optional(set(string))
    google_service_account = optional(string)
  }))
  default  = []
  nullable = false
  validation {
    condition     = alltrue([for reader in var.readers : contains(["RootSync", "RepoSync"], reader.kind)])
    error_message = "Write kind RootSync or RepoSync."
  }
  validation {
    condition = alltrue([for reader in var.readers :
      reader.kind == "RepoSync" ? reader.namespace != null && reader.namespace != "config-management-system" : reader.namespace == null || reader.namespace == "config-management-system"
    ])
    error_message = "A RepoSync has a namespace of its own; RootSyncs are in config-management-system."
  }
  validation {
    # docs/facts/config-sync.md#reconciler-names: the reconciler's name has at most 63 characters, and is never shortened.
    condition = alltrue([for reader in var.readers :
      can(regex("^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$", reader.name)) &&
      length(reader.kind == "RootSync" ? "root-reconciler-${reader.name}" : "ns-reconciler-${coalesce(reader.namespace, "-")}-${reader.name}-${length(reader.name)}") <= 63
    ])
    error_message = "Write a name that Config Sync accepts: lower case, and short enough for its reconciler's name to have 63 characters."
  }
  validation {
    condition     = alltrue([for reader in var.readers : reader.google_service_account == null || can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]@[a-z][a-z0-9-]{4,28}[a-z0-9][.]iam[.]gserviceaccount[.]com$", reader.google_service_account))])
    error_message = "Write the e-mail of a Google service account: NAME@PROJECT.iam.gserviceaccount.com"
  }
  validation {
    condition     = alltrue(flatten([for reader in var.readers : [for repository in coalesce(reader.repositories, []) : anytrue([for image in var.images : image.match == repository || startswith(image.match, "${repository}/")])]]))
    error_message = "Write repositories that images names, as LOCATION-docker.pkg.dev/PROJECT/REPOSITORY."
  }
}

variable "identity_projects" {
  description = "Projects of the workload identity pools of the clusters: the fleet host (fleet workload identity) or the clusters' own. Null: the fleet's projects."
  type        = set(string)
  default     = null
  validation {
    condition     = var.identity_projects == null ? true : alltrue([for project in var.identity_projects : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", project))])
    error_message = "Write ids of projects."
  }
}

variable "operators" {
  description = "Who reads and replays dead letters, as IAM members: group:ops@acme.example"
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for member in var.operators : can(regex("^(user|group|serviceAccount):[^ ]+@[^ ]+$", member))])
    error_message = "Write IAM members: user:…, group:… or serviceAccount:…"
  }
}

variable "publishers" {
  description = "Who may push to the repository that the module creates, and sign with the key that it creates (infra/examples/publish-config), as IAM members."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for member in var.publishers : can(regex("^((user|group|serviceAccount):[^ ]+@[^ ]+|principal(Set)?://iam[.]googleapis[.]com/[^ ]+)$", member))])
    error_message = "Write IAM members: user:…, group:…, serviceAccount:… or principal://…"
  }
}

variable "status_subscriptions" {
  description = "Further subscriptions of the status topic, by what their names end with. filter is Pub/Sub's, over attributes (docs/events.md). Without push, they are pulled."
  type = map(object({
    filter = optional(string)
    push = optional(object({
      endpoint        = string
      audience        = string
      service_account = string
    }))
  }))
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for name in keys(var.status_subscriptions) : can(regex("^[a-z][a-z0-9-]{1,38}[a-z0-9]$", name))])
    error_message = "Names are lower-case letters, digits and hyphens, at most 40."
  }
  validation {
    condition     = alltrue([for subscription in values(var.status_subscriptions) : subscription.filter == null ? true : length(subscription.filter) <= 256])
    error_message = "A filter has at most 256 characters."
  }
  validation {
    condition     = alltrue([for subscription in values(var.status_subscriptions) : subscription.push == null ? true : startswith(subscription.push.endpoint, "https://")])
    error_message = "Pub/Sub pushes to https only."
  }
}

variable "notification_channels" {
  description = "Cloud Monitoring channels that alert policies notify: projects/P/notificationChannels/N. Empty: incidents are only shown."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[a-z0-9-]+/notificationChannels/[0-9]+$", channel))])
    error_message = "Write channels by their full names."
  }
}

variable "alerts" {
  description = "Create alert policies and the dashboard."
  type        = bool
  default     = true
  nullable    = false
}

variable "runbook" {
  description = "Where docs/runbook.md can be read; alert policies link to its sections."
  type        = string
  default     = "docs/runbook.md"
  nullable    = false
  validation {
    condition     = can(regex("^(https://[^ #]+|docs/runbook[.]md)$", var.runbook))
    error_message = "Write an https URL without #."
  }
}

variable "history" {
  description = "Keep the status events in BigQuery, for so many days; deletion_protection refuses to destroy them. Null: not at all."
  type = object({
    location            = optional(string)
    days                = optional(number, 400)
    deletion_protection = optional(bool, true)
  })
  default = null
  validation {
    condition     = var.history == null ? true : var.history.days >= 1 && floor(var.history.days) == var.history.days
    error_message = "Write a whole number of days."
  }
}
