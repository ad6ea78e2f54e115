// J7: a whole conference is played against the release binary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Server, soak } from './lib/server.mjs';

const venues = soak ? 30 : 10;

test(`J7 rehearse with ${venues} venues and 200 citizens ends with exit 0`, async () => {
  const server = await Server.start();
  try {
    const { code, output } = await server.rehearse(`--venues=${venues}`, '--citizens=200', '--for=30s').done;
    console.log(output.slice(-3000));
    assert.equal(code, 0, output);
  } finally {
    await server.stop();
  }
});
