// Property tests draw by the seed of the run; those of them that fail print it.
import fc from 'fast-check'
import { testSeed } from './seed.ts'

fc.configureGlobal({ seed: testSeed() })
