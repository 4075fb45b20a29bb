/** @file The API's pages from the library's doc comments (`make api-docs`). */
import { OptionDefaults } from 'typedoc';

export default {
  name: 'archwalk',
  entryPoints: ['shared/api/index.ts'],
  tsconfig: 'tsconfig.json',
  out: 'docs/api',
  readme: 'docs/library.md',
  disableGit: true,
  sourceLinkTemplate: '../../{path}#L{line}',
  blockTags: [...OptionDefaults.blockTags, '@file'],
};
