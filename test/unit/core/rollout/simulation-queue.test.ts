import { simulate } from './simulation.ts';

simulate('queue');
