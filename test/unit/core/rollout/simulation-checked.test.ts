import { simulate } from './simulation.ts';

simulate('checked', 1 / 3);
