import { simulate } from './simulation.ts';

simulate('replace');
