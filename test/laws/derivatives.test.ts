import { registry } from '../../src/ops/index.ts'
import { describeLaws } from '../support/laws.ts'

describeLaws(['first', 'second', 'adjoint', 'linear'], registry)
