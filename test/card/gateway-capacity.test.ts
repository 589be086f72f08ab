import { beforeAll, vi } from 'vitest';
import { ensureBuilt } from '../../sim/index.ts';
import { simulatedGround } from '../host/switch/simulated-ground.ts';
import { describeGatewayCapacity } from './gateway-capacity-spec.ts';

vi.setConfig({ testTimeout: 300_000 });
beforeAll(() => ensureBuilt({ configuration: 'sim' }));

describeGatewayCapacity('capacity and death, through the RTL', simulatedGround);
