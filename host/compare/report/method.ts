/** How a comparison is made, and what nobody should take it for. */

export const METHOD: readonly string[] = [
  'The same frames, addressed to the card, go into the card’s RTL, the software router in C++ and the reference decision in TypeScript, each with the same service rules and a table of overrides of its own. All slots are up, VID n is on slot n modulo slots; the first frame with an unseen identifier teaches it, its VID is FNV-1a of the identifier (docs/decisions.md).',
  'Compared are all fields of the decision record but its time, the frame as it leaves byte by byte, and what was learned.',
  'Clocks are those of a lock-step simulation: exact, the same on every machine, and no time. Where a board has been placed and routed with the same configuration (docs/boards.md), its clock makes computed times of them.',
  'Nanoseconds are of one core, a frame from its headers in memory to its new addresses in memory: no network card, no system call, no copy. Before each call frames are put back as they came, outside the clock; the median cost of looking at the clock is taken off each call.',
  'Warm: 256 frames (or the capture’s) come again and again. Cold: tables, port vectors, hash tables and frames are taken out of all caches before each call; the program itself is not.',
  'By sessions: shortest G-PDUs, each with the TEID of a session drawn at random. A session is a TEID whose upper 16 bits are the VID; the connection table has an entry for each TEID in its place, at half load, a line of the cache for a bucket, prefetched, in huge pages. Both take turns.',
];

export const KERNEL_METHOD: readonly string[] = [
  'XDP: the same rule and row tables, compiled to a program for UDP over IPv4 that the kernel’s own test run (BPF_PROG_TEST_RUN) repeats on one frame; a frame’s headers and tables are in cache, no driver, no network card, and no look at the destination address, which a network card does.',
  'nftables: the slot as a hash of the TEID, and from a map of all VIDs; both write the addresses. A frame is sent on a veth and dropped at its other end, with and without the rule in turn; the difference is the rule’s.',
];

export const LIMITS: readonly string[] = [
  'How fast the card is: it is simulated, and has never run on hardware. A computed time has the clock of a routed design behind it, and nothing of a PHY or MAC in it.',
  'What a network card, its driver, interrupts and PCIe add to software. A whole software router is slower than what stands here; how much depends on them.',
  'That XDP beats the C++ router: its program knows UDP over IPv4 without options and no more, writes no record of its decision, and is run on one frame again and again, which a processor learns by heart; the router is given another session’s frame each time.',
  'Several cores: a connection table that is shared or moved between cores costs more, rows cost no more.',
  'What it costs to make a session. Rows need nothing for one, a connection table an insertion.',
  'Rare frames: extension headers, fragments and ICMP errors cost software more than what is measured on the shortest frames; the capture’s own frames show it as far as it has them.',
  'Quiet: on a machine that others use, the 99 % and 99.9 % are theirs as much as the router’s.',
];
