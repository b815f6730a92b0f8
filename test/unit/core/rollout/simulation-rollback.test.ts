import { simulate } from './simulation.ts';

simulate('rollback');
