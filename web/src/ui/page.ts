import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import type { Component } from 'svelte';
import { language } from '../i18n/language.svelte';

function start(component: Component): void {
  const target = document.getElementById('app');
  if (!target) throw new Error('page: no #app in the document');
  const plain = [...target.children];
  mount(component, { target });
  // What the server wrote there for those without script has done its work.
  for (const part of plain) part.remove();
}

/**
 * Puts a page into the document; called once per entry.
 *
 * @param first what to wait for, so that a page which is there already does not blink
 */
export function page(component: Component, first: Promise<unknown> = Promise.resolve()): void {
  // Without the words of the chosen language the page still starts, in Vietnamese.
  Promise.all([language.ready(), first]).then(
    () => start(component),
    () => start(component),
  );
}
