# What becomes countersign.yaml. Names and meaning are those of the config file (docs/config.md), in Terraform's spelling.

variable "fleet" {
  description = "Fleet host projects whose memberships are looked after (null: this project), and a Kubernetes label selector over memberships. dns_endpoints: GKE clusters are called by the DNS endpoints of their control planes, where these are open; clusters of other projects than the fleet's need the permissions of docs/iam.md there."
  type = object({
    projects       = optional(set(string))
    label_selector = optional(string)
    dns_endpoints  = optional(bool, false)
  })
  default  = {}
  nullable = false
  validation {
    condition = var.fleet.projects == null ? true : (
      length(var.fleet.projects) > 0 && length(var.fleet.projects) <= 100 &&
      alltrue([for project in var.fleet.projects : can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", project))])
    )
    error_message = "Write ids of 1 to 100 projects, or none of them at all."
  }
}

variable "images" {
  description = "The images that are followed; the first entry that matches decides."
  type = list(object({
    match     = string
    trust     = string
    effect    = optional(string, "pin")
    clusters  = optional(string)
    track     = optional(string)
    downgrade = optional(string, "warn")
    rollout   = optional(string)
    rollback  = optional(string)
  }))
  nullable = false
  validation {
    condition     = length(var.images) > 0
    error_message = "Name at least one image."
  }
  validation {
    condition     = alltrue([for image in var.images : can(regex("^[a-z0-9.-]+(:[0-9]+)?/[^@: ]+$", image.match))])
    error_message = "Write match as host/path without tag and digest; * and ** are wildcards."
  }
  validation {
    condition     = length(distinct(var.images[*].match)) == length(var.images)
    error_message = "Write each match once: the first entry decides."
  }
  validation {
    condition     = alltrue([for image in var.images : contains(["gate", "pin"], image.effect)])
    error_message = "Write effect gate or pin."
  }
  validation {
    condition     = alltrue([for image in var.images : image.track == null || image.effect == "pin"])
    error_message = "track means nothing without effect pin."
  }
  validation {
    condition     = alltrue([for image in var.images : contains(["allow", "warn", "deny"], image.downgrade)])
    error_message = "Write downgrade allow, warn or deny."
  }
  validation {
    condition     = alltrue([for image in var.images : contains(keys(var.trust), image.trust)])
    error_message = "Each image names a policy of trust."
  }
  validation {
    condition     = alltrue([for image in var.images : image.rollout == null ? true : contains(keys(var.rollouts.strategies), image.rollout)])
    error_message = "A rollout of images is a strategy of rollouts."
  }
  validation {
    condition     = alltrue([for image in var.images : image.rollback == null ? true : contains(["manual", "pin"], image.rollback) && image.effect == "gate" && image.rollout != null])
    error_message = "Write rollback manual or pin, with effect gate and a rollout."
  }
  validation {
    condition     = alltrue([for image in var.images : image.rollout == null || var.records != null])
    error_message = "An entry of images with a rollout needs a database for its decisions: records = {}"
  }
}

variable "unmatched" {
  description = "OCI and Helm sources that no entry of images names: deny or ignore."
  type        = string
  default     = "deny"
  nullable    = false
  validation {
    condition     = contains(["deny", "ignore"], var.unmatched)
    error_message = "Write deny or ignore."
  }
}

variable "other_sources" {
  description = "Sources that announce nothing, so that nothing can be verified (git, and Helm over http): deny or ignore. Where a root-sync comes from git, deny stops it."
  type        = string
  default     = "deny"
  nullable    = false
  validation {
    condition     = contains(["deny", "ignore"], var.other_sources)
    error_message = "Write deny or ignore."
  }
}

variable "registries" {
  description = "Registries beside *.pkg.dev and gcr.io, which need no entry."
  type = list(object({
    host      = string
    auth      = optional(string, "none")
    referrers = optional(string, "auto")
  }))
  default  = []
  nullable = false
  validation {
    # Credentials of docker login are not in the image: no person has logged in there.
    condition     = alltrue([for registry in var.registries : contains(["none", "google"], registry.auth)])
    error_message = "Write auth none or google."
  }
  validation {
    condition     = alltrue([for registry in var.registries : contains(["auto", "tag"], registry.referrers)])
    error_message = "Write referrers auto or tag."
  }
  validation {
    condition     = alltrue([for registry in var.registries : can(regex("^[a-z0-9.-]+(:[0-9]+)?$", registry.host))])
    error_message = "Write a host, with its port if it has one, and nothing else."
  }
}

variable "trust" {
  description = "Trust policies by name: whose signatures make a digest acceptable. Keys as PEM text or as versions of Cloud KMS keys; trusted_root is the text of a Sigstore trusted_root.json, null means the public good."
  type = map(object({
    require = optional(number)
    authorities = optional(list(object({
      name = string
      key = optional(object({
        pem  = optional(string)
        kms  = optional(string)
        hash = optional(string)
      }))
      keyless = optional(object({
        issuer           = string
        subject          = optional(string)
        subject_regexp   = optional(string)
        claims           = optional(map(string), {})
        transparency_log = optional(string)
        ct_log           = optional(string)
      }))
      transparency_log = optional(string)
      annotations      = optional(map(string), {})
      trusted_root     = optional(string)
    })), [])
    format               = optional(string, "any")
    signature_repository = optional(string)
    attestations = optional(list(object({
      predicate_type = string
      where          = optional(map(string), {})
      condition      = optional(string)
    })), [])
    signatures     = optional(string, "required")
    allow_unsigned = optional(bool, false)
  }))
  nullable = false
  validation {
    condition     = alltrue([for name in keys(var.trust) : can(regex("^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$", name))])
    error_message = "Names of policies are lower-case letters, digits and hyphens, at most 32."
  }
  validation {
    condition     = alltrue([for policy in values(var.trust) : policy.allow_unsigned == (length(policy.authorities) == 0)])
    error_message = "A policy has authorities, or says allow_unsigned = true, never both."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      can(regex("^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$", authority.name)) && (authority.key == null) != (authority.keyless == null)
    ]]))
    error_message = "An authority has a name of lower-case letters, digits and hyphens, and exactly one of key and keyless."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.key == null ? true : (authority.key.pem == null) != (authority.key.kms == null)
    ]]))
    error_message = "A key is exactly one of pem and kms."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.key == null ? true : authority.key.hash == null ? true : authority.key.kms == null && contains(["sha256", "sha384", "sha512"], authority.key.hash)
    ]]))
    error_message = "hash is sha256, sha384 or sha512, beside pem: a version in Cloud KMS says its own."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.key == null ? true : (
        authority.key.kms == null ? true : can(regex("^gcpkms://projects/[a-z0-9-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]{1,63}/cryptoKeys/[A-Za-z0-9_-]{1,63}/cryptoKeyVersions/[1-9][0-9]*$", authority.key.kms))
      )
    ]]))
    error_message = "Write kms as gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/N: the version is required."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.keyless == null ? true : (authority.keyless.subject == null) != (authority.keyless.subject_regexp == null) && startswith(authority.keyless.issuer, "https://")
    ]]))
    error_message = "A keyless identity has an https issuer, and exactly one of subject and subject_regexp."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.keyless == null ? true : authority.keyless.subject_regexp == null ? true : can(regex("^\\^.*\\$$", authority.keyless.subject_regexp))
    ]]))
    error_message = "Anchor subject_regexp: ^…$"
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.keyless == null ? true : (
        contains(["require", "timestamp"], coalesce(authority.keyless.transparency_log, "require")) &&
        contains(["require", "ignore"], coalesce(authority.keyless.ct_log, "require"))
      )
    ]]))
    error_message = "Write transparency_log require or timestamp, and ct_log require or ignore."
  }
  validation {
    condition = alltrue(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
      authority.trusted_root == null ? true : (can(jsondecode(authority.trusted_root)) && length(authority.trusted_root) <= 65536)
    ]]))
    error_message = "trusted_root is the JSON text of a Sigstore trusted root, at most 64 KiB: trusted_root = file(\"trusted_root.json\")."
  }
  validation {
    condition     = alltrue([for policy in values(var.trust) : contains(["any", "bundle", "legacy"], policy.format)])
    error_message = "Write format any, bundle or legacy."
  }
  validation {
    condition     = alltrue([for policy in values(var.trust) : policy.signatures == "required" || policy.signatures == "attested" && length(policy.attestations) > 0])
    error_message = "Write signatures required, or attested beside attestations."
  }
  validation {
    condition     = alltrue([for policy in values(var.trust) : policy.require == null ? true : policy.require >= 1 && policy.require <= length(policy.authorities)])
    error_message = "require is from 1 to the number of authorities."
  }
}

variable "sweep" {
  description = "How the fleet is swept; see docs/config.md."
  type = object({
    period         = optional(string, "15m")
    withdraw_brake = optional(string, "5%")
    pending_after  = optional(string, "1h")
    blocked_after  = optional(string, "2m")
    live_after     = optional(string, "10m")
    deleting_after = optional(string, "10m")
  })
  default  = {}
  nullable = false
  validation {
    condition = alltrue([for duration in [var.sweep.period, var.sweep.pending_after, var.sweep.blocked_after, var.sweep.live_after, var.sweep.deleting_after] :
      can(regex("^([0-9]{1,9}([.][0-9]{1,9})?(ms|h|m|s))+$", duration))
    ])
    error_message = "Write durations as Go does: 90s, 15m, 1h30m."
  }
  validation {
    condition     = can(regex("^[0-9]{1,2}([.][0-9]+)?%$|^100%$", var.sweep.withdraw_brake))
    error_message = "Write withdraw_brake as a share: 5%"
  }
}
