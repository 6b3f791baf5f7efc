/**
 * The highest level whose lines are part of the image, if `logging({ maximum })` says one. A module of
 * @phantasm/log defines it; ask with `isDefined`.
 */
declare const LOG_MAXIMUM: i32;
