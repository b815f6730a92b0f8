# Where things are. What Countersign does is in variables-config.tf, who may use it in variables-access.tf.

variable "project_id" {
  description = "Project that Countersign runs in."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Write the project's id, not its name or number."
  }
}

variable "region" {
  description = "Region of the services, the scheduler and the store."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Write a region such as us-central1."
  }
}

variable "name" {
  description = "What names of services, topics and accounts begin with."
  type        = string
  default     = "countersign"
  nullable    = false
  validation {
    # With "-admission" behind it, an account's id has at most 30 characters; alone, at least 6.
    condition     = can(regex("^[a-z][a-z0-9-]{4,18}[a-z0-9]$", var.name))
    error_message = "Write 6 to 20 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "labels" {
  description = "Labels of everything that can have some."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition = alltrue([for key, value in var.labels :
      can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "Labels are lower-case letters, digits, _ and -, at most 63 characters."
  }
}

variable "image" {
  description = "Image that the services are created with, by digest. Null: a sample of Google's, which the first build replaces. Later images are deployed by the build (cloudbuild.yaml), not by Terraform."
  type        = string
  default     = null
  validation {
    condition     = var.image == null || can(regex("^[a-z0-9.-]+(:[0-9]+)?/[a-z0-9._/-]+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: HOST/PATH@sha256:…"
  }
}

variable "instances" {
  description = "Fewest and most instances of each service. The functions are given the most, too: each instance takes its part of the budget of calls to clusters, so more instances are not faster."
  type = object({
    push      = optional(object({ min = optional(number, 0), max = optional(number, 3) }), {})
    cluster   = optional(object({ min = optional(number, 0), max = optional(number, 2) }), {})
    history   = optional(object({ min = optional(number, 0), max = optional(number, 2) }), {})
    api       = optional(object({ min = optional(number, 0), max = optional(number, 2) }), {})
    admission = optional(object({ min = optional(number, 1), max = optional(number, 3) }), {})
  })
  default  = {}
  nullable = false
  validation {
    condition = alltrue([for instances in values(var.instances) :
      instances.min >= 0 && instances.max >= max(1, instances.min) && instances.max <= 100 &&
      floor(instances.min) == instances.min && floor(instances.max) == instances.max
    ])
    error_message = "Write whole numbers: min from 0, max from 1 to 100 and not below min."
  }
}

variable "gateway_calls_per_minute" {
  description = "Connect Gateway's quota for the fleet host project, should Google have granted another one."
  type        = number
  default     = 2400
  nullable    = false
  validation {
    condition     = var.gateway_calls_per_minute >= 60 && var.gateway_calls_per_minute <= 999999 && floor(var.gateway_calls_per_minute) == var.gateway_calls_per_minute
    error_message = "Write a whole number of calls a minute, at least 60."
  }
}

variable "log_level" {
  description = "Least severe lines that are logged."
  type        = string
  default     = "info"
  nullable    = false
  validation {
    # shared/http/env.ts, LOG_LEVELS.
    condition     = contains(["debug", "info", "warn", "error", "silent"], var.log_level)
    error_message = "Write debug, info, warn, error or silent."
  }
}

variable "tracing" {
  description = "Send OpenTelemetry traces to Cloud Trace."
  type        = bool
  default     = false
  nullable    = false
}

variable "deletion_protection" {
  description = "Refuse to destroy services. Set it once they run: what fails when it is created, and is protected, no apply replaces. The store is throw-away, and never protected."
  type        = bool
  default     = false
  nullable    = false
}

variable "waits" {
  description = "Seconds that an apply waits for what it has just made: bindings, before the services that need them; log-based metrics, before the alerts on them. Google documents minutes for the first and up to ten minutes for the second."
  type = object({
    bindings = optional(number, 120)
    metrics  = optional(number, 600)
  })
  default  = {}
  nullable = false
  validation {
    condition     = alltrue([for seconds in values(var.waits) : seconds >= 0 && seconds <= 3600 && floor(seconds) == seconds])
    error_message = "Write whole seconds, at most 3600."
  }
}

variable "enable_apis" {
  description = "Enable the APIs that are used, here and in the projects of fleets and repositories."
  type        = bool
  default     = true
  nullable    = false
}

variable "existing_gcr_topics" {
  description = "Projects where the topic gcr is there already: older enablements of Artifact Registry made it. It is used, and not managed; to manage it, import it (docs/google-cloud.md)."
  type        = set(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for project in var.existing_gcr_topics : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", project))])
    error_message = "Write ids of projects."
  }
}

variable "old_project" {
  description = "The project enabled Pub/Sub before April 8, 2021: its agent then needs a role on the accounts that it pushes as."
  type        = bool
  default     = false
  nullable    = false
}

variable "message_schemas" {
  description = "Let Pub/Sub refuse tasks and status events that are not of their schema."
  type        = bool
  default     = true
  nullable    = false
}

variable "repository" {
  description = "Artifact Registry repository for configs that the module creates. Null: none."
  type = object({
    id             = optional(string, "configs")
    location       = optional(string)
    immutable_tags = optional(bool, false)
  })
  default = null
  validation {
    condition     = var.repository == null || can(regex("^[a-z][a-z0-9-]{0,61}[a-z0-9]$", var.repository.id))
    error_message = "A repository's id is lower-case letters, digits and hyphens, a letter first."
  }
  validation {
    condition     = try(var.repository.location, null) == null || can(regex("^[a-z]+(-[a-z]+[0-9]+)?$", var.repository.location))
    error_message = "Write a region such as us-central1, or a multi-region such as us."
  }
}

variable "builder" {
  description = "An account, a repository for our own image and a signing key for cloudbuild.yaml. existing_key: the key ring and its key release are there already, of an installation before this one; they are used, and not managed."
  type = object({
    enabled      = optional(bool, true)
    sign         = optional(bool, true)
    existing_key = optional(bool, false)
  })
  default  = {}
  nullable = false
}
