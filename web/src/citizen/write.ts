/** What asking needs once somebody has begun: fetched with the first tap on the form. */
export { default as Asked } from './Asked.svelte';
export { default as AskText } from './AskText.svelte';
export { default as Closed } from './Closed.svelte';
export { default as Door } from './Door.svelte';
export { default as Outgoing } from './Outgoing.svelte';
