import type { ConfigFiles } from '../../lib/config/parse.js';

/** Files in memory: path to text. */
export function filesOf(texts: Record<string, string>): ConfigFiles {
  const files = new Map(Object.entries(texts));
  return {
    readText(path) {
      const text = files.get(path);
      if (text === undefined) throw new Error('no such file');
      return text;
    },
    list(directory) {
      const prefix = directory === '.' ? '' : directory;
      const names = [...files.keys()]
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length));
      return names.filter((name) => !name.includes('/')).sort();
    },
  };
}
