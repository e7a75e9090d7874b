import { registry } from '../../src/transform/registry.ts'
import { describeLaws } from '../support/laws.ts'

describeLaws(['shape', 'refusal', 'deformation', 'vmap', 'vmapOfVjp', 'record', 'purity'], registry)
