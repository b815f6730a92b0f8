import { gateContract } from '#test/contract/gate/suite.ts';
import { startRealGate } from './tools/real-gate.ts';

gateContract({
  name: 'a ValidatingAdmissionPolicy on a real kube-apiserver',
  start: startRealGate,
});
