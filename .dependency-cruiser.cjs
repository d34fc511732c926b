/** Which folder may import which: the directions of the project, as rules. */

const domain = '^ledger/src/domain/';
/** The only files that choose between adapters. */
const compositionRoots =
  '^(server/src/open-bank|server/src/threads/verification-thread|projections/src/main|ledger/src/journal/open-journal)[.]ts$|^(operations/src|scripts|bench|tests)/|/tests/';
const adapters =
  '^(ledger/src/(journal/(memory-journal|postgres-journal|kurrent-journal|open-journal)|bookkeeper/postgres-writer-lock)|projections/src/(postgres-read-model|queries/key-index))[.]ts$';

/** What bench/ and tests/containers/ install only when their command runs. */
const packagesOfFolders = ['./bench/package.json', './tests/containers/package.json']
  .map((file) => require(file))
  .flatMap(({ dependencies, devDependencies }) => Object.keys({ ...dependencies, ...devDependencies }))
  .map((name) => `^${name}$`);

const never = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Each folder and the folders it may import; everything not listed is forbidden. */
const mayImport = {
  ledger: [],
  projections: ['ledger'],
  api: ['ledger/src/domain'],
  server: ['ledger', 'projections', 'api'],
  'atm-ui': ['api', 'ledger/src/domain'],
  'admin-ui': ['api', 'ledger/src/domain', 'verifier/src/index.js'],
  verifier: [],
  importer: ['ledger', 'api'],
  operations: ['ledger', 'projections', 'api', 'server', 'importer'],
  scripts: ['ledger', 'projections', 'api', 'server', 'importer', 'operations', 'tests'],
  bench: ['ledger', 'projections', 'api', 'server', 'operations'],
};
const folders = Object.keys(mayImport).concat('tests');

const directions = Object.entries(mayImport).map(([folder, allowed]) =>
  never(
    `${folder}-imports`,
    `${folder}/ imports ${allowed.length === 0 ? 'no other folder' : `only ${allowed.join(', ')}`}.`,
    { path: `^${folder}/`, pathNot: '/tests/' },
    { path: `^(${folders.join('|')})/`, pathNot: [folder, ...allowed].map((one) => `^${one}(/|$)`) },
  ),
);

module.exports = {
  forbidden: [
    ...directions,
    never('no-cycle', 'Two files that need each other are one file, or three.', {}, { circular: true }),
    never(
      'no-orphan',
      'A file that nobody imports and that imports nothing does nothing.',
      {
        orphan: true,
        pathNot: [
          '[.]test[.]ts$',
          '[.]config[.]js$',
          '[.]cjs$',
          '^server/pages/',
          '[.]d[.]ts$',
          '^operations/src/dev/life-line[.]ts$',
          '^operations/src/drill/set-clock[.]ts$',
        ],
      },
      {},
    ),
    never(
      'resolvable',
      'Every import leads somewhere: to a file, or to a package that is installed or that a folder installs for itself.',
      {},
      { couldNotResolve: true, pathNot: packagesOfFolders },
    ),
    never(
      'domain-imports-nothing',
      'The same code folds events in the server, in a test and in a browser.',
      { path: domain },
      { pathNot: domain },
    ),
    never(
      'journal-knows-no-bookkeeper',
      'A journal stores events; it decides nothing.',
      { path: '^ledger/src/(journal|vault)/' },
      { path: '^ledger/src/bookkeeper/' },
    ),
    never(
      'projections-decide-nothing',
      'A read model follows from the journal alone.',
      { path: '^projections/src/' },
      { path: '^ledger/src/bookkeeper/' },
    ),
    never(
      'slow-work-in-threads',
      'What computes for long is imported where threads run it, never where payments are decided.',
      { path: '^server/src/', pathNot: '^server/src/threads/(tasks|verification-thread)[.]ts$|^server/src/audit/' },
      {
        path: '^server/src/(http/exports/statement-pdf|audit/(fold-account|carry-out-verification))[.]ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    never(
      'verifier-needs-nothing',
      'Whoever trusts nobody reads these files alone: the checks run in a browser, and only the command knows Node.',
      { path: '^verifier/(src|page)/', pathNot: '^verifier/page/build[.]js$' },
      { pathNot: '^verifier/(src|page)/' },
    ),
    never(
      'verifier-command-needs-node-only',
      'The verifier has no dependencies.',
      { path: '^verifier/cli/' },
      { pathNot: '^verifier/(src|cli)/', dependencyTypesNot: ['core'] },
    ),
    never('code-needs-no-test', 'What runs in the bank runs without tests.', { path: '/src/' }, { path: '/tests/' }),
    never(
      'composition-roots-choose-adapters',
      'Everything else takes the port.',
      { pathNot: compositionRoots },
      { path: adapters },
    ),
    never(
      'no-development-package',
      'What runs in the bank is listed under "dependencies".',
      {
        path: '^(ledger|projections|api|server|importer|operations)/src/|^scripts/',
        pathNot: ['^operations/src/(screens|dev)/', '^scripts/dev[.]ts$'],
      },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    ),
    never(
      'bank-needs-no-dev',
      'What runs the bank does without what is for working on it.',
      { path: '^(scripts/|(server|projections)/src/main)', pathNot: '^scripts/dev[.]ts$' },
      { path: '^operations/src/dev/', reachable: true },
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
