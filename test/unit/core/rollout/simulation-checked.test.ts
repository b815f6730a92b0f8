import { simulate } from './simulation.ts';

simulate('checked');
