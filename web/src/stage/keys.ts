// Which key does what on the stage page.

/** FloorAction is about venues and the programme. */
export type FloorAction =
  | 'preview'
  | 'give'
  | 'takeBack'
  | 'lower'
  | 'cityHall'
  | 'slate'
  | 'beside'
  | 'pageBefore'
  | 'pageAfter'
  | 'showLive'
  | 'showAll'
  | 'showLines'
  | 'followHands'
  | 'talk';

/** QuestionAction is about questions. */
export type QuestionAction =
  | 'nextQuestion'
  | 'previousQuestion'
  | 'moveDown'
  | 'moveUp'
  | 'queue'
  | 'stage'
  | 'air'
  | 'edit'
  | 'answer'
  | 'recall'
  | 'fairFront'
  | 'fairness';

/** Action is something the stage manager can do with one key. */
export type Action = FloorAction | QuestionAction;

/** Pressed is the part of a KeyboardEvent that is looked at. */
export type Pressed = Pick<
  KeyboardEvent,
  'code' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey' | 'repeat' | 'isComposing'
>;

const ACTIONS: Readonly<Record<string, Action>> = {
  KeyP: 'preview',
  KeyG: 'give',
  KeyT: 'takeBack',
  KeyH: 'lower',
  Digit0: 'cityHall',
  Numpad0: 'cityHall',
  KeyS: 'slate',
  KeyC: 'beside',
  KeyJ: 'nextQuestion',
  KeyK: 'previousQuestion',
  KeyQ: 'queue',
  KeyN: 'stage',
  KeyO: 'air',
  KeyE: 'edit',
  KeyD: 'answer',
  KeyR: 'recall',
  KeyF: 'fairFront',
  KeyB: 'fairness',
  PageUp: 'pageBefore',
  PageDown: 'pageAfter',
  KeyV: 'showLive',
  KeyA: 'showAll',
  KeyL: 'showLines',
  KeyW: 'followHands',
  KeyM: 'talk',
};

const FLOOR: ReadonlySet<Action> = new Set<FloorAction>([
  'preview',
  'give',
  'takeBack',
  'lower',
  'cityHall',
  'slate',
  'beside',
  'pageBefore',
  'pageAfter',
  'showLive',
  'showAll',
  'showLines',
  'followHands',
  'talk',
]);

/** isFloor tells what an action is about. */
export function isFloor(action: Action): action is FloorAction {
  return FLOOR.has(action);
}

/** actionOf names what a press asks for. A key held down walks, but never acts again. */
export function actionOf(press: Pressed): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.isComposing) return undefined;
  const action = ACTIONS[press.code];
  if (action === 'nextQuestion' || action === 'previousQuestion') {
    if (!press.shiftKey) return action;
    if (press.repeat) return undefined;
    return action === 'nextQuestion' ? 'moveDown' : 'moveUp';
  }
  return press.repeat || press.shiftKey ? undefined : action;
}

/** takesText tells whether a key press belongs to the thing that has the focus. */
export function takesText(target: EventTarget | null): boolean {
  return (
    target instanceof Element &&
    target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable], dialog') !== null
  );
}
