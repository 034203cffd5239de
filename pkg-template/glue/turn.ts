/** Who is told of the calls made through a view: an item of a map, or those that share an answer. */
export interface Turn {
  /** A call is about to be queued. */
  calls(): void;
  /** A call starts: it is about to be sent, or has its permit. Told again when it is sent again. */
  starts(): void;
}
