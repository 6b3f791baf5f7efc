/**
 * Whose turn it is, when a volume has no room for another operation or another open file: the job waits for one that
 * has, and the longest waiting is first. There are never more of them than `SiteOptions.jobs`.
 */
import { Task, ready } from "@phantasm/runtime";
import { Job } from "./job";


@final
export class Turns extends Task {
  /** Operations that the volume has under way for the site. */
  pending: i32 = 0;
  /** Files that jobs have open. */
  openFiles: i32 = 0;
  /** Reading frees no file: those who need one do not hold up those who need to read. */
  private readonly readers: Job[] = [];
  private readonly openers: Job[] = [];
  /** The one that tries again now. */
  private trying: Job | null = null;
  private isInVain: bool = false;
  private isScheduled: bool = false;

  /** The volume is exhausted: true if the job is called again; false: nobody of ours has what it waits for. */
  park(job: Job, reads: bool): bool {
    if (this.pending == 0 && (reads || this.openFiles == 0)) return false;
    const queue = reads ? this.readers : this.openers;
    if (this.trying === job) {
      this.isInVain = true;
      queue.unshift(job);
    } else queue.push(job);
    return true;
  }

  /** True if others wait to read: then the job is called again after them. */
  givesWay(job: Job): bool {
    if (this.readers.length == 0 || this.trying === job) return false;
    this.readers.push(job);
    this.wake();
    return true;
  }

  /** A job that waits to read does so no more. */
  leave(job: Job): void {
    const index = this.readers.indexOf(job);
    if (index >= 0) this.readers.splice(index, 1);
  }

  /** Something has ended. */
  wake(): void {
    if (this.isScheduled || this.readers.length + this.openers.length == 0) return;
    this.isScheduled = true;
    ready(this);
  }

  performTask(): void {
    this.isScheduled = false;
    this.serve(this.readers);
    this.serve(this.openers);
  }

  /** In their order, until one of them tries in vain. */
  private serve(queue: Job[]): void {
    this.isInVain = false;
    for (let left = queue.length; left > 0 && queue.length > 0 && !this.isInVain; left--) {
      const job = queue.shift();
      this.trying = job;
      job.tryAgain();
    }
    this.trying = null;
  }
}
