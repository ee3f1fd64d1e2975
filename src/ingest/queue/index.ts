export { ImportQueue } from './queue.ts';
export type { JobEvent, Submission } from './queue.ts';
export type { QueuePorts } from './worker.ts';
export type { Job, JobDetail, JobFault, JobState } from './job.ts';
export { Watcher } from './watch.ts';
export type { Watch } from './watched-folder.ts';
