/**
 * The seed of all that is random in specs: the same in each run, so that none fails by luck. scripts/test.mjs --seed and soak:specs give other ones.
 * What a spec draws by itself begins with it, too (spec/tools/spec-seed.ts).
 */
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.RINGKV_SPEC_SEED ?? 1) });
