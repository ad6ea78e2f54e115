/** What is done with a ticket: fetched with the first tap on it. */
export { default as ErrandDialog } from './ErrandDialog.svelte';
export { default as MyData } from './MyData.svelte';
