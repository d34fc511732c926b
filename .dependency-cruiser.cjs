/** Which room may know which: the directions of the project, as rules. */

const domain = '^ledger/src/domain/';
const contract = '^server/src/http/contract/';
/** The only files that choose between adapters. */
const compositionRoots =
  '^(server/src/start-server|(server|projections)/src/main|ledger/src/journal/open-journal)[.]ts$|^(scripts|bench|tests)/|/tests/';
const adapters =
  '^(ledger/src/(journal/(memory-journal|postgres-journal|kurrent-journal|open-journal)|bookkeeper/postgres-turns)|projections/src/(postgres-read-model|queries/key-index))[.]ts$';

const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    never('no-cycle', 'Two files that need each other are one file, or three.', {}, { circular: true }),
    never(
      'no-orphan',
      'A file that nobody imports and that imports nothing does nothing.',
      { orphan: true, pathNot: ['[.]test[.]ts$', '[.]config[.]js$', '[.]cjs$', '^server/pages/', '[.]d[.]ts$'] },
      {},
    ),
    never('resolvable', 'Every import leads somewhere.', {}, { couldNotResolve: true }),
    never(
      'domain-imports-nothing',
      'The same code folds events in the server, in a test and in a browser.',
      { path: domain },
      { pathNot: domain },
    ),
    never(
      'ledger-knows-no-other-room',
      'What the bank decides depends neither on how it is read nor on HTTP.',
      { path: '^ledger/src/' },
      { path: '^(projections|server|scripts|bench|tests|atm-ui|admin-ui)/' },
    ),
    never(
      'journal-knows-no-bookkeeper',
      'A journal stores events; it decides nothing.',
      { path: '^ledger/src/(journal|vault)/' },
      { path: '^ledger/src/bookkeeper/' },
    ),
    never(
      'projections-know-no-server',
      'A read model is built from the journal alone.',
      { path: '^projections/src/' },
      { path: '^(server|scripts|bench|tests|atm-ui|admin-ui)/' },
    ),
    never(
      'projections-decide-nothing',
      'Of the bookkeeper they know only the port they serve.',
      { path: '^projections/src/' },
      { path: '^ledger/src/bookkeeper/', pathNot: '^ledger/src/bookkeeper/key-index[.]ts$' },
    ),
    never(
      'server-knows-no-tool',
      'The server runs without scripts, bench and tests.',
      { path: '^server/src/' },
      { path: '^(scripts|bench|tests)/|/tests/' },
    ),
    never(
      'one-place-to-choose-adapters',
      'Everything else takes the port.',
      { pathNot: compositionRoots },
      { path: adapters },
    ),
    never(
      'contracts-stand-alone',
      'Screens import them: they bring schemas and types along, nothing else.',
      { path: contract },
      { pathNot: [contract, domain, '^server/src/http/problems[.]ts$', '^node_modules/zod/'] },
    ),
    never(
      'screens-know-contracts-only',
      'A screen shares schemas, types and the fold with the server, no code of its own.',
      { path: '^(atm-ui|admin-ui)/', pathNot: '/tests/' },
      {
        path: '^(ledger|projections|server|scripts|bench)/',
        pathNot: [contract, domain, '^server/src/http/problems[.]ts$'],
      },
    ),
    never(
      'no-development-package',
      'What runs in the bank is listed under "dependencies".',
      { path: '^(ledger|projections|server)/src/|^scripts/', pathNot: ['/tests/', '^scripts/screens/'] },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    ),
    never(
      'unit-tests-need-no-server',
      'A unit test needs nothing but its own process.',
      { path: '[.]unit[.]test[.]ts$' },
      { path: '^tests/support/postgres[.]ts$|^node_modules/pg/', reachable: true },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(var|coverage)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
