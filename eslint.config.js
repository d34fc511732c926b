/** The lint rules: typescript-eslint's strict set with types, and the few rules that are this project's own. */
import vue from 'eslint-plugin-vue';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Money is a bigint: turning a sum into a float loses cents sooner or later. */
const sums = '/(amount|balance|floor|minor|cents)/i';
const noFloatMoney = [
  `CallExpression[callee.name='Number'] > Identifier.arguments[name=${sums}]`,
  `CallExpression[callee.name='Number'] > MemberExpression.arguments[property.name=${sums}]`,
  `CallExpression[callee.property.name='toFixed'] > MemberExpression.callee Identifier[name=${sums}]`,
  // Of bigints, which one cannot divide by a number literal anyway, the compiler takes care.
  `BinaryExpression[operator='/'][left.name=${sums}][right.type='Literal'][right.bigint=undefined]`,
  `BinaryExpression[operator='/'][left.property.name=${sums}][right.type='Literal'][right.bigint=undefined]`,
].map((selector) => ({ selector, message: 'A sum of money never becomes a float: keep the bigint or the string.' }));

/** What `ledger/src/domain` may not touch, so that the same code folds events in the server, a test and a browser. */
const fromOutside = ['Date', 'Intl', 'globalThis', 'process', 'Buffer', 'console', 'crypto', 'performance', 'fetch']
  .concat(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'structuredClone', 'require'])
  .map((name) => ({ name, message: 'The domain is pure: time, ids and the outside world come as arguments.' }));
const noOutsideImports = [
  ':matches(ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration)[source.value!=/^\\.\\u002f[\\w-]+\\.ts$/][source]',
  'ImportExpression',
].map((selector) => ({ selector, message: 'The domain imports nothing but its own files.' }));

const useParseAmount = 'Money is never a float: use parseAmount, or Number for a count.';
const noFloats = { name: 'parseFloat', message: useParseAmount };
const noNumberParseFloat = { object: 'Number', property: 'parseFloat', message: useParseAmount };
const noConfiguration = {
  object: 'process',
  property: 'env',
  message: 'Only a composition root (main.ts, scripts) reads configuration: take it as an argument.',
};
const noRandomness = { object: 'Math', property: 'random', message: 'Take randomness as an argument.' };

export default defineConfig(
  globalIgnores(['node_modules/', 'var/', 'coverage/', '*/dist/']),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  vue.configs['flat/recommended'],
  {
    languageOptions: {
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: ['.vue'],
        // Inside a .vue file.
        parser: tseslint.parser,
      },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-restricted-globals': ['error', noFloats],
      'no-restricted-properties': ['error', noConfiguration, noNumberParseFloat],
      'no-restricted-syntax': ['error', ...noFloatMoney],
      '@typescript-eslint/consistent-type-imports': 'error',
      // `type` for data, `interface` for ports: what reads best where it stands.
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Where an index is known to be inside, `as` says which type is meant; `!` stays forbidden.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['ledger/src/domain/**'],
    rules: {
      'no-restricted-globals': ['error', noFloats, ...fromOutside],
      'no-restricted-properties': ['error', noRandomness, noNumberParseFloat],
      'no-restricted-syntax': ['error', ...noFloatMoney, ...noOutsideImports],
    },
  },
  {
    // What the bank knows follows from the journal: it never adds to it.
    files: ['projections/src/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...noFloatMoney,
        { selector: "CallExpression[callee.property.name='append']", message: 'Projections read the journal only.' },
      ],
    },
  },
  {
    files: ['{atm,admin}-ui/src/**'],
    rules: { '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }] },
  },
  {
    files: ['**/main.ts', 'scripts/**', 'operations/src/embedded-postgres/**', '**/tests/**', '**/*.test.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['**/*.vue'],
    rules: {
      // vue-tsc knows the template's types, this parser does not.
      'no-undef': 'off',
      'vue/html-self-closing': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/max-attributes-per-line': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/require-default-prop': 'off',
      'vue/multi-word-component-names': 'off',
      'vue/attributes-order': 'off',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/no-v-html': 'error',
    },
  },
  { files: ['**/*.js', '**/*.cjs'], extends: [tseslint.configs.disableTypeChecked] },
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
