# countersign.yaml, from the variables, in Secret Manager: e-mail addresses and public keys are no secrets, and yet
# not for everyone. What is null is left out: the file has no nulls.

locals {
  trusted_roots = merge([for name, policy in var.trust : {
    for authority in policy.authorities : "${name}-${authority.name}" => authority.trusted_root if authority.trusted_root != null
  }]...)

  authorities = {
    for name, policy in var.trust : name => [for authority in policy.authorities : merge(
      { name = authority.name },
      authority.key == null ? {} : { key = { for kind, value in authority.key : kind => value if value != null } },
      authority.keyless == null ? {} : {
        keyless = merge(
          { issuer = authority.keyless.issuer },
          authority.keyless.subject == null ? {} : { subject = authority.keyless.subject },
          authority.keyless.subject_regexp == null ? {} : { subjectRegExp = authority.keyless.subject_regexp },
          authority.keyless.transparency_log == null ? {} : { transparencyLog = authority.keyless.transparency_log },
          authority.keyless.ct_log == null ? {} : { ctLog = authority.keyless.ct_log },
          length(authority.keyless.claims) == 0 ? {} : { claims = authority.keyless.claims },
        )
      },
      authority.transparency_log == null ? {} : { transparencyLog = authority.transparency_log },
      length(authority.annotations) == 0 ? {} : { annotations = authority.annotations },
      # Relative to the config file: both are mounted below one folder (services.tf).
      authority.trusted_root == null ? {} : { trustedRoot = { file = "../roots/${name}-${authority.name}/trusted_root.json" } },
    )]
  }

  trust = {
    for name, policy in var.trust : name => merge(
      policy.allow_unsigned ? { allowUnsigned = true } : {},
      length(policy.authorities) == 0 ? {} : { authorities = local.authorities[name] },
      policy.require == null ? {} : { require = policy.require },
      policy.format == "any" ? {} : { format = policy.format },
      policy.signature_repository == null ? {} : { signatureRepository = policy.signature_repository },
      length(policy.attestations) == 0 ? {} : { attestations = [for attestation in policy.attestations : merge(
        { predicateType = attestation.predicate_type },
        length(attestation.where) == 0 ? {} : { where = attestation.where },
        attestation.condition == null ? {} : { condition = attestation.condition },
      )] },
      policy.signatures == "required" ? {} : { signatures = policy.signatures },
    )
  }

  caller_access = { for name in keys(local.calling) : name => {
    mode     = "iam"
    audience = local.audiences[name]
    emails   = [local.caller_emails[name]]
  } }
  api_access = !var.api.enabled ? {} : { api = merge({
    mode = var.api.mode
    audience = (
      var.api.mode == "iap"
      ? "/projects/${local.project_number}/locations/${var.region}/services/${var.name}-api"
      : local.audiences["api"]
    )
    viewers  = var.api.viewers
    invokers = var.api.invokers
    },
    length(var.api.approvers) == 0 ? {} : { approvers = var.api.approvers },
    length(var.api.overriders) == 0 ? {} : { overriders = var.api.overriders },
  ) }
  people = distinct(concat(var.api.viewers, var.api.invokers, var.api.approvers, var.api.overriders))
  reviewers = {
    path   = { mode = "path", sha256 = var.admission.secret_sha256 }
    verify = { mode = "verify", audience = local.audiences["admission"], emails = var.admission.emails }
  }
  admission_access = { for name in var.admission.enabled ? ["admission"] : [] : name =>
  local.reviewers[length(var.admission.secret_sha256) > 0 ? "path" : "verify"] }

  admission_settings = !var.admission.enabled ? {} : { admission = { mode = var.admission.mode } }

  config = merge(local.admission_settings, local.rollout_settings, {
    apiVersion = "countersign.dev/v1"
    fleet = { gkeHub = merge(
      { projects = sort(local.fleet_projects) },
      var.fleet.label_selector == null ? {} : { labelSelector = var.fleet.label_selector },
      var.fleet.dns_endpoints ? { dnsEndpoints = true } : {},
    ) }
    registries = [for registry in var.registries : merge(
      { host = registry.host, auth = registry.auth },
      registry.referrers == "auto" ? {} : { referrers = registry.referrers },
    )]
    images       = [for image in var.images : { for key, value in image : key => value if value != null }]
    unmatched    = var.unmatched
    otherSources = var.other_sources
    trust        = local.trust
    topics       = { for key, id in local.topics : key => "projects/${var.project_id}/topics/${id}" }
    store        = { firestore = { project = var.project_id, database = var.name } }
    sweep = {
      period        = var.sweep.period
      withdrawBrake = var.sweep.withdraw_brake
      pendingAfter  = var.sweep.pending_after
      blockedAfter  = var.sweep.blocked_after
      liveAfter     = var.sweep.live_after
      deletingAfter = var.sweep.deleting_after
    }
    gate = merge(
      { identity = local.emails["cluster"], breakGlass = var.break_glass },
      var.may_hold == "countersign" ? {} : { mayHold = var.may_hold },
    )
    access = merge(local.caller_access, local.api_access, local.admission_access)
  })
  config_text = yamlencode(local.config)

  # The config, and each trusted root: a volume of Cloud Run holds one secret.
  files = merge(
    { config = local.config_text },
    { for key, text in local.trusted_roots : "root-${key}" => text },
  )
}

resource "google_secret_manager_secret" "file" {
  for_each  = toset(keys(local.files))
  project   = var.project_id
  secret_id = "${var.name}-${each.key}"
  labels    = var.labels
  replication {
    auto {}
  }
  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_version" "file" {
  for_each    = toset(keys(local.files))
  secret      = google_secret_manager_secret.file[each.key].id
  secret_data = local.files[each.key]
  # Kept: revisions from before name it, and could not start without it (docs/runbook.md, Roll back).
  deletion_policy = "ABANDON"
  lifecycle {
    # The revision that is running has the old one mounted until the new one has started.
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "read" {
  for_each = {
    for pair in setproduct(keys(local.files), local.functions) : "${pair[0]}/${pair[1]}" => { file = pair[0], function = pair[1] }
  }
  project   = var.project_id
  secret_id = google_secret_manager_secret.file[each.value.file].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.members[each.value.function]
}
