# Cloud KMS keys that the trust policies name, wherever they are: their public halves are read.

locals {
  kms_keys = toset(compact(flatten([for policy in values(var.trust) : [for authority in policy.authorities :
    try(regex("^gcpkms://(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+)/", authority.key.kms)[0], "")
  ]])))
}

resource "google_kms_crypto_key_iam_member" "verify" {
  for_each = {
    for pair in setproduct(local.kms_keys, local.verifiers) : "${pair[0]}/${pair[1]}" => { key = pair[0], function = pair[1] }
  }
  crypto_key_id = each.value.key
  role          = "roles/cloudkms.publicKeyViewer"
  member        = local.members[each.value.function]
  depends_on    = [google_kms_crypto_key.release]
}
