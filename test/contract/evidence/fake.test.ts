import { startFakePrometheus } from '#test/fakes/prometheus.ts';
import { prometheusContract } from './suite.ts';

prometheusContract({ name: 'fake', start: startFakePrometheus });
