import { registry } from '../../src/transform/registry.ts'
import { describeLaws } from '../support/laws.ts'

describeLaws(['first', 'second', 'adjoint', 'linear'], registry)
