#!/usr/bin/env node
// The command as npm installs it: TypeScript is compiled as it is loaded, there is nothing to build.
import { register } from 'tsx/esm/api';

register();
await import('./main.ts');
