import { registry } from '../../src/transform/registry.ts'
import { describeLaws } from '../support/laws.ts'

describeLaws(['backend', 'backend32', 'backendJit', 'backendJit32', 'backendVjp'], registry)
