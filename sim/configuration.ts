export * from '../hdl/configuration.ts';
