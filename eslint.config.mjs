// The limits and layers of the house, held by lint; test/architecture.test.ts holds what lint cannot see.
import tseslint from 'typescript-eslint'

const forbidImports = (patterns) => ({ 'no-restricted-imports': ['error', { patterns }] })

const effects = {
  regex: '^(node:(fs|net|http|https|tls|child_process|os|worker_threads)(/.*)?|level|ws|chokidar|tinypool)$',
  message: 'This is the pure core: effects come in through an interface, from the edge.',
}
const relayBlind = {
  regex: '^@grenier/(crypto(/chunk-ids)?|client)$',
  message: 'The relay is blind: import @grenier/crypto/verify, never what opens content.',
}
const noPackages = {
  regex: '^@grenier/',
  message: 'crypto and protocol import nothing of the other packages.',
}
const deep = {
  regex: '^@grenier/[a-z]+/(?!(verify|chunk-ids)$)',
  message: 'Import a package by its public face; only verify and chunk-ids of @grenier/crypto are subpaths.',
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
      'max-params': ['error', 3],
      'max-depth': ['error', 3],
      'no-console': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      ...forbidImports([deep]),
    },
  },
  {
    files: ['packages/crypto/src/**/*.ts', 'packages/protocol/src/**/*.ts'],
    rules: forbidImports([deep, noPackages, effects]),
  },
  { files: ['packages/relay/src/**/*.ts'], rules: forbidImports([deep, relayBlind]) },
  { files: ['packages/client/src/sync/**/*.ts'], rules: forbidImports([deep, effects]) },
  {
    files: [
      '**/*.test.ts',
      '**/*.contract.ts',
      '**/*.vectors.ts',
      'test/**/*.ts',
      'bench/**/*.ts',
      'demo/**/*.ts',
      'tools/**/*.ts',
      '*.ts',
    ],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 600 }],
      'no-console': 'off',
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
)
