// SPDX-License-Identifier: Apache-2.0
//
// Runs every case against one server with the Node.js client ali-ons, several at a time.
// Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.
'use strict';

const { parseArgs } = require('node:util');
const { Server, Ctx } = require('./ctx');

const cases = { ...require('./consume_cases'), ...require('./send_cases') };
const CASE_LIMIT_MS = 60000;

const text = type => ({ type: 'string', default: type });
const { values: options } = parseArgs({
  options: { namesrv: text(''), only: text(''), except: text(''), jobs: text('8') },
});

/** Whether the name contains one of "a,b,c". */
const contains = (name, parts) => parts.split(',').some(part => name.includes(part));

async function runCase(server, name) {
  const t = new Ctx(server);
  const start = Date.now();
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still not done after ${CASE_LIMIT_MS} ms`)), CASE_LIMIT_MS);
  });
  let cause = '';
  try {
    await Promise.race([cases[name](t), limit]);
  } catch (error) {
    cause = String(error.message || error).replace(/\s*\n\s*/g, ' | ') || 'no cause given';
  }
  clearTimeout(timer);
  await t.close();
  console.log(cause ? `FAIL ${name} ${cause}` : `PASS ${name} ${Date.now() - start} ms`);
  return !cause;
}

async function main() {
  const server = new Server(options.namesrv);
  try {
    await server.connect();
  } catch (error) {
    console.log(`FAIL start ${error.message}\n0 passed, 1 failed`);
    return 1;
  }
  const names = Object.keys(cases).filter(name => contains(name, options.only) && !(options.except && contains(name, options.except)));
  let passed = 0;
  let failed = 0;
  const worker = async () => {
    for (let name = names.shift(); name; name = names.shift()) {
      if (await runCase(server, name)) passed++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
  console.log(`${passed} passed, ${failed} failed`);
  return failed || !passed ? 1 : 0;
}

process.on('unhandledRejection', error => console.error(error)); // of the client's own loops, after a case is over
main().then(code => process.exit(code)); // what the clients leave running need not end
