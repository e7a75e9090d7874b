import { registry } from '../../src/ops/index.ts'
import { describeLaws } from '../support/laws.ts'

describeLaws(
  ['shape', 'refusal', 'deformation', 'vmap', 'vmapOfVjp', 'record', 'backend', 'backend32', 'purity'],
  registry,
)
