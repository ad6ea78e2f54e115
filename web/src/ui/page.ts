import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import type { Component } from 'svelte';
import { language } from '../i18n/language.svelte';

function start(component: Component): void {
  const target = document.getElementById('app');
  if (!target) throw new Error('page: no #app in the document');
  mount(component, { target });
}

/** Puts a page into the document; called once per entry. */
export function page(component: Component): void {
  // Without the words of the chosen language the page still starts, in Vietnamese.
  language.ready().then(
    () => start(component),
    () => start(component),
  );
}
