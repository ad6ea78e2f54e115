import './tokens.css';
import './base.css';
import { mount } from 'svelte';
import type { Component } from 'svelte';

/** Puts a page into the document; called once per entry. */
export function page(component: Component): void {
  const target = document.getElementById('app');
  if (!target) throw new Error('page: no #app in the document');
  mount(component, { target });
}
