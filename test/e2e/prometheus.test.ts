import { prometheusContract } from '#test/contract/evidence/suite.ts';
import { startPrometheus } from './tools/prometheus.ts';

prometheusContract({ name: 'Prometheus', start: startPrometheus });
