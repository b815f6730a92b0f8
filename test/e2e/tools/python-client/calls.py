"""Calls the API server of a kubeconfig as people do with Python's client; one JSON line for each call."""

import json
import sys

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

config.load_kube_config(sys.argv[1])
api = client.ApiClient()
core = client.CoreV1Api(api)
custom = client.CustomObjectsApi(api)
authorization = client.AuthorizationV1Api(api)
NAMESPACE = "python-client"
ROOTSYNCS = ("configsync.gke.io", "v1beta1", "config-management-system", "rootsyncs")


def rootsync(name, **spec):
    oci = {"image": "x:v1", "auth": "none"}
    return {
        "apiVersion": "configsync.gke.io/v1beta1",
        "kind": "RootSync",
        "metadata": {"name": name},
        "spec": {"sourceType": "oci", "oci": oci, **spec},
    }


def config_map(name, data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data)


def create_namespace():
    body = client.V1Namespace(metadata=client.V1ObjectMeta(name=NAMESPACE))
    return core.create_namespace(body).status.phase


def create_config_map():
    return core.create_namespaced_config_map(NAMESPACE, config_map("settings", {"a": "b"})).data


def create_secret():
    body = client.V1Secret(metadata=client.V1ObjectMeta(name="key"), string_data={"a": "b"})
    return core.create_namespaced_secret(NAMESPACE, body).data


def patch_config_map():
    return core.patch_namespaced_config_map("settings", NAMESPACE, {"data": {"c": "d"}}).data


def patch_config_map_json():
    patch = [{"op": "remove", "path": "/data/c"}]
    return core.patch_namespaced_config_map("settings", NAMESPACE, patch).data


def replace_config_map():
    found = core.read_namespaced_config_map("settings", NAMESPACE)
    found.data = {"a": "e"}
    return core.replace_namespaced_config_map("settings", NAMESPACE, found).data


def replace_stale_config_map():
    found = core.read_namespaced_config_map("settings", NAMESPACE)
    found.metadata.resource_version = "1"
    return core.replace_namespaced_config_map("settings", NAMESPACE, found).data


def managers_of_config_map():
    found = core.read_namespaced_config_map("settings", NAMESPACE)
    return sorted({entry.operation for entry in found.metadata.managed_fields})


def list_config_maps():
    found = core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name=settings")
    return [item.metadata.name for item in found.items]


def create_rootsync():
    return custom.create_namespaced_custom_object(*ROOTSYNCS, rootsync("python"))["metadata"]["generation"]


def create_rootsync_strictly():
    body = rootsync("python-odd", sourceTyp="oci")
    return custom.create_namespaced_custom_object(*ROOTSYNCS, body, field_validation="Strict")


def patch_rootsync():
    body = {"spec": {"oci": {"image": "x:v2"}}}
    return custom.patch_namespaced_custom_object(*ROOTSYNCS, "python", body)["spec"]["oci"]


def patch_rootsync_status():
    body = {"status": {"observedGeneration": 2}}
    return custom.patch_namespaced_custom_object_status(*ROOTSYNCS, "python", body)["status"]


def apply_dynamically():
    resources = dynamic.DynamicClient(api).resources
    kind = resources.get(api_version="configsync.gke.io/v1beta1", kind="RootSync")
    body = rootsync("python-applied")
    applied = kind.server_side_apply(
        body=body, namespace=ROOTSYNCS[2], name="python-applied", field_manager="python"
    )
    return applied.metadata.managedFields[0].manager


def apply_in_conflict():
    resources = dynamic.DynamicClient(api).resources
    kind = resources.get(api_version="configsync.gke.io/v1beta1", kind="RootSync")
    body = rootsync("python-applied", oci={"image": "x:v3", "auth": "none"})
    return kind.server_side_apply(
        body=body, namespace=ROOTSYNCS[2], name="python-applied", field_manager="other"
    )


def watch_config_maps():
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, config_map("watched", {}))
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=10
    )
    for event in stream:
        return [event["type"], event["object"].metadata.name]


def may_i():
    attributes = client.V1ResourceAttributes(verb="patch", resource="rootsyncs", group=ROOTSYNCS[0])
    spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    review = client.V1SelfSubjectAccessReview(spec=spec)
    return authorization.create_self_subject_access_review(review).status.allowed


def may_i_dynamically():
    resources = dynamic.DynamicClient(api).resources
    kind = resources.get(api_version="authorization.k8s.io/v1", kind="SelfSubjectAccessReview")
    spec = {"resourceAttributes": {"verb": "patch", "resource": "rootsyncs"}}
    return kind.create(body={"apiVersion": kind.group_version, "kind": kind.kind, "spec": spec}).status.allowed


def discover():
    groups = [group.name for group in client.ApisApi(api).get_api_versions().groups]
    resources = [one.name for one in core.get_api_resources().resources]
    major = client.VersionApi(api).get_code().major
    return [major, ROOTSYNCS[0] in groups, "configmaps" in resources]


def delete_rootsync():
    return custom.delete_namespaced_custom_object(*ROOTSYNCS, "python")["status"]


def delete_collections():
    core.delete_collection_namespaced_config_map(NAMESPACE, field_selector="metadata.name=settings")
    custom.delete_collection_namespaced_custom_object(*ROOTSYNCS, field_selector="metadata.name=python-applied")
    return list_config_maps()


def delete_namespace():
    return core.delete_namespace(NAMESPACE) is not None


CALLS = [
    create_namespace,
    create_config_map,
    create_secret,
    patch_config_map,
    patch_config_map_json,
    replace_config_map,
    replace_stale_config_map,
    managers_of_config_map,
    list_config_maps,
    create_rootsync,
    create_rootsync_strictly,
    patch_rootsync,
    patch_rootsync_status,
    apply_dynamically,
    apply_in_conflict,
    watch_config_maps,
    may_i,
    may_i_dynamically,
    discover,
    delete_rootsync,
    delete_collections,
    delete_namespace,
]

for call in CALLS:
    try:
        answer = {"answer": call()}
    except ApiException as error:
        answer = {"refused": error.status}
    except Exception as error:  # What the table shows is what a person would see.
        answer = {"failed": f"{type(error).__name__}: {error}"}
    print(json.dumps({"call": call.__name__, **answer}), flush=True)
