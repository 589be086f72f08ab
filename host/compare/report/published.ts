/** Numbers of others: what they are, and where they stand. Nothing here was measured by us. */

export interface Published {
  readonly what: string;
  readonly value: string;
  readonly source: string;
}

const XDP =
  'Høiland-Jørgensen et al., The eXpress Data Path, CoNEXT 2018 (doi 10.1145/3281411.3281443)';

export const PUBLISHED: readonly Published[] = [
  {
    what: 'XDP, every packet dropped, one core',
    value: '24 Mpackets/s',
    source: XDP,
  },
  {
    what: 'DPDK, every packet dropped, one core',
    value: '43.5 Mpackets/s',
    source: XDP,
  },
  {
    what: 'Katran, a load balancer with a connection table in XDP, one core',
    value: '5.2 Mpackets/s',
    source: XDP,
  },
  {
    what: 'Tiara, a stateful load balancer of a programmable switch, 8 FPGA cards and x86 servers',
    value: '1.6 Tb/s, 80 million flows, 1.8 million new connections a second',
    source: 'Zeng et al., Tiara, NSDI 2022 (usenix.org/conference/nsdi22/presentation/zeng)',
  },
];
