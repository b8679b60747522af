// What is said when the process at the other end of the control socket does not keep to its protocol: a fault of ours, not of the user.

/** The other process answered with something that is no answer, or ended in the middle. */
export class ControlFault extends Error {
  override readonly name = 'ControlFault'
}

/** Nobody listens any more: what was to be asked was not. */
export class HolderGone extends ControlFault {}
