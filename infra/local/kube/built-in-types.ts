import protobuf from 'protobufjs';

/**
 * The kinds of Kubernetes that are served, as its own `generated.proto` numbers their fields, and what a field means
 * where `kubectl explain` is asked about it. `list` says how server-side apply merges a list: as a set, or by keys.
 */
const TYPES = `
syntax = "proto3";
message Time { int64 seconds = 1; int32 nanos = 2; }
message MicroTime { int64 seconds = 1; int32 nanos = 2; }
message FieldsV1 { bytes Raw = 1; }
message OwnerReference {
  string kind = 1; string name = 3; string uid = 4; string apiVersion = 5;
  bool controller = 6; bool blockOwnerDeletion = 7;
}
message ManagedFieldsEntry {
  string manager = 1; string operation = 2; string apiVersion = 3; Time time = 4;
  string fieldsType = 6; FieldsV1 fieldsV1 = 7; string subresource = 8;
}
message ObjectMeta {
  /// The name, one for each kind and namespace.
  string name = 1;
  string generateName = 2;
  string namespace = 3;
  string selfLink = 4;
  string uid = 5;
  string resourceVersion = 6;
  int64 generation = 7;
  Time creationTimestamp = 8;
  Time deletionTimestamp = 9;
  int64 deletionGracePeriodSeconds = 10;
  map<string, string> labels = 11;
  map<string, string> annotations = 12;
  repeated OwnerReference ownerReferences = 13 [(list) = "uid"];
  repeated string finalizers = 14 [(list) = "set"];
  repeated ManagedFieldsEntry managedFields = 17;
}
/// Settings for programs to read.
message ConfigMap {
  ObjectMeta metadata = 1;
  /// Texts by key.
  map<string, string> data = 2;
  /// Bytes by key, as base64.
  map<string, bytes> binaryData = 3;
  bool immutable = 4;
}
/// Values that are kept from readers without a right to them.
message Secret {
  ObjectMeta metadata = 1;
  /// Bytes by key, as base64.
  map<string, bytes> data = 2;
  string type = 3;
  /// Texts by key; written into data, and never read back.
  map<string, string> stringData = 4;
  bool immutable = 5;
}
/// A scope for names.
message Namespace { ObjectMeta metadata = 1; NamespaceSpec spec = 2; NamespaceStatus status = 3; }
message NamespaceSpec { repeated string finalizers = 1; }
message NamespaceStatus { string phase = 1; repeated NamespaceCondition conditions = 2 [(list) = "type"]; }
message NamespaceCondition {
  string type = 1; string status = 2; Time lastTransitionTime = 4; string reason = 5; string message = 6;
}
/// A report of something that happened to an object.
message Event {
  ObjectMeta metadata = 1;
  ObjectReference involvedObject = 2;
  string reason = 3;
  string message = 4;
  EventSource source = 5;
  Time firstTimestamp = 6;
  Time lastTimestamp = 7;
  int32 count = 8;
  string type = 9;
  MicroTime eventTime = 10;
  EventSeries series = 11;
  string action = 12;
  ObjectReference related = 13;
  string reportingComponent = 14;
  string reportingInstance = 15;
}
message EventSource { string component = 1; string host = 2; }
message EventSeries { int32 count = 1; MicroTime lastObservedTime = 2; }
message ObjectReference {
  string kind = 1; string namespace = 2; string name = 3; string uid = 4;
  string apiVersion = 5; string resourceVersion = 6; string fieldPath = 7;
}
message DeleteOptions {
  int64 gracePeriodSeconds = 1; Preconditions preconditions = 2; bool orphanDependents = 3;
  string propagationPolicy = 4; repeated string dryRun = 5;
}
message Preconditions { string uid = 1; string resourceVersion = 2; }
message SelfSubjectReview { ObjectMeta metadata = 1; }
message SelfSubjectAccessReview { ObjectMeta metadata = 1; SelfSubjectAccessReviewSpec spec = 2; }
message SelfSubjectAccessReviewSpec {
  ResourceAttributes resourceAttributes = 1; NonResourceAttributes nonResourceAttributes = 2;
}
message ResourceAttributes {
  string namespace = 1; string verb = 2; string group = 3; string version = 4;
  string resource = 5; string subresource = 6; string name = 7;
}
message NonResourceAttributes { string path = 1; string verb = 2; }
message SelfSubjectRulesReview { ObjectMeta metadata = 1; SelfSubjectRulesReviewSpec spec = 2; }
message SelfSubjectRulesReviewSpec { string namespace = 1; }
message TypeMeta { string apiVersion = 1; string kind = 2; }
message Unknown { TypeMeta typeMeta = 1; bytes raw = 2; string contentEncoding = 3; string contentType = 4; }
`;

const types = protobuf
  .parse(TYPES, { keepCase: true, alternateCommentMode: true })
  .root.resolveAll();

/** The type of that name; undefined for one that is not known. */
export function builtInType(name: string): protobuf.Type | undefined {
  const found = types.get(name);
  return found instanceof protobuf.Type ? found : undefined;
}
