// Shape of the pipeline: what travels beside a frame, and at which tap of the header line each
// stage works.
//
// The header line is a shift register of beats. Inside the pipeline a frame has no gaps, so when
// its first beat stands at position s, its beat i stands at position s - i. A stage that works at
// tap s therefore sees header byte b as soon as s >= b / bytes-per-beat, at fixed wires, and no
// stage needs a copy of the header. Every function takes the bytes per beat (8 or 64).
package linecard_pkg;

  function automatic int max(input int a, input int b);
    max = (a > b) ? a : b;
  endfunction

  // Header bytes that stages can look at: 160 hold the longest chain of headers we read (two VLAN
  // tags 22, IPv4 with options 60, TCP with options 60) and 16 bytes of payload; or IPv6 with 64
  // bytes of extension headers and all but the longest TCP options.
  localparam int WINDOW = 160;
  localparam int MIN_FRAME = 64;    // IEEE 802.3 clause 3.2.8, with FCS
  localparam int MAX_FRAME = 2000;  // without FCS; IEEE 802.3 clause 3.2.7 has envelope frames of 2000 with it
  localparam int L3_MAX = 22;       // behind two VLAN tags
  localparam int CHAIN_UNITS = 8;   // IPv6 extension headers that are read, in units of 8 bytes
  localparam int L4_MAX = 126;      // behind two tags, IPv6 and all of these
  localparam int PAYLOAD_BYTES = 16; // payload bytes that rules can compare
  localparam int PAYLOAD_MAX = WINDOW - PAYLOAD_BYTES - 2;  // like every payload two behind a multiple of four
  // Where an ICMP error's quoted packet begins, from the network header on: behind an IPv4 header without
  // options, behind IPv6 without extensions. Its source address ends 24 bytes on at most, and its ports, also
  // behind all options of IPv4, lie before QUOTE_END.
  localparam int QUOTE4 = 20 + 8;
  localparam int QUOTE6 = 40 + 8;
  localparam int QUOTE_END = max(QUOTE4 + 60, QUOTE6 + 40) + 4;

  // Taps. Each stage registers its result, so the next works one position further or later. What is
  // called beside_ works meanwhile, and costs no time.
  // Frames begin so many clocks behind each other at least.
  function automatic int frame_clocks(input int k);
    frame_clocks = MIN_FRAME / k;
  endfunction

  // One clock before it the MAC address is looked at.
  function automatic int tap_l2(input int k);
    tap_l2 = max(1, (L3_MAX - 1) / k);
  endfunction
  // From here on what a stage wants of the network header and what follows it comes from the packet line.
  function automatic int tap_packet(input int k);
    tap_packet = max(tap_l2(k) + 1, (L3_MAX + k - 1) / k) + 1;
  endfunction
  function automatic int tap_l3(input int k);
    tap_l3 = tap_packet(k) + (40 - 1) / k;
  endfunction
  // Unit after unit of the extension headers, as they come.
  function automatic int chain_per_clock(input int k);
    chain_per_clock = max(1, k / 32);
  endfunction
  function automatic int tap_chain(input int k);
    tap_chain = max(tap_l3(k) + 1, tap_packet(k) + (40 + 8 * chain_per_clock(k) - 1) / k);
  endfunction
  function automatic int tap_l4_select(input int k);
    tap_l4_select = max(tap_chain(k) + CHAIN_UNITS / chain_per_clock(k), (L4_MAX + 16 - 1) / k);
  endfunction
  function automatic int tap_l4(input int k);
    tap_l4 = tap_l4_select(k) + 1;
  endfunction
  function automatic int tap_payload(input int k);
    tap_payload = max(tap_l4(k) + 1, (PAYLOAD_MAX + PAYLOAD_BYTES - 1) / k);
  endfunction
  // Beside the chain and L4: the packet that an ICMP error quotes.
  function automatic int beside_quote(input int k);
    beside_quote = max(tap_l3(k) + 1, tap_packet(k) + (QUOTE6 + 24 - 1) / k);
  endfunction
  function automatic int beside_quote_ports(input int k);
    beside_quote_ports = max(beside_quote(k) + 2, tap_packet(k) + (QUOTE_END - 1) / k);
  endfunction
  function automatic int beside_prefix(input int k);
    beside_prefix = beside_quote(k) + 3;
  endfunction
  function automatic int tap_match(input int k);
    tap_match = tap_payload(k) + 1;
  endfunction
  // Rules are compared in turns, a part of them in each: one, or more where a frame leaves time for that. Each turn
  // is a clock.
  function automatic int tap_select(input int k, input int turns);
    tap_select = tap_match(k) + turns;
  endfunction
  // Where rules take turns a card is small, and its clock counts more than clocks: what is late there has one more
  // (1 / turns is 0).
  function automatic int spare(input int turns);
    spare = 1 - 1 / turns;
  endfunction
  function automatic int tap_fetch(input int k, input int turns);
    tap_fetch = tap_select(k, turns) + 1;
  endfunction
  function automatic int tap_align(input int k, input int turns);
    tap_align = tap_fetch(k, turns) + 1;
  endfunction
  function automatic int tap_identify(input int k, input int turns);
    tap_identify = tap_align(k, turns) + 1 + spare(turns);
  endfunction
  // While rules are compared the addresses are taken from the packet line, before it has to be longer for them.
  function automatic int beside_addresses(input int k);
    beside_addresses = tap_match(k) + 1;
  endfunction
  // The header window has gone by: what of it is there is known from here on.
  function automatic int beside_window(input int k);
    beside_window = (WINDOW - 1) / k;
  endfunction
  // Beats that the packet line keeps: the first must still be there for its last reader.
  function automatic int packet_positions(input int k);
    packet_positions = beside_addresses(k) - tap_packet(k) + 1;
  endfunction
  // Override and fragment tables: RAM, its output register, compare. Spare clocks are for what is asked and for its hash,
  // in front of the RAM, and for the answer before it is used.
  localparam int MATCH_LATENCY = 3;
  function automatic int beside_answer(input int k, input int turns);
    beside_answer = tap_identify(k, turns) + MATCH_LATENCY + 2 * spare(turns);
  endfunction
  function automatic int tap_resolve(input int k, input int turns);
    tap_resolve = beside_answer(k, turns) + spare(turns);
  endfunction
  function automatic int beside_learn(input int k, input int turns);
    beside_learn = tap_resolve(k, turns) + 1;
  endfunction
  // Rows: RAM and its output register.
  localparam int ROW_LATENCY = 2;
  function automatic int tap_slots(input int k, input int turns);
    tap_slots = tap_resolve(k, turns) + ROW_LATENCY;
  endfunction
  function automatic int tap_decide(input int k, input int turns);
    tap_decide = tap_slots(k, turns) + 1 + spare(turns);
  endfunction
  function automatic int tap_rewrite(input int k, input int turns);
    tap_rewrite = tap_decide(k, turns) + 1 + spare(turns);
  endfunction

  // What the receiver says of a frame, with its last beat.
  localparam logic [2:0] RX_OK = 3'd0;
  localparam logic [2:0] RX_ERROR = 3'd1;
  localparam logic [2:0] RX_OVERSIZE = 3'd2;
  localparam logic [2:0] RX_OVERFLOW = 3'd3;
  localparam logic [2:0] RX_UNDERRUN = 3'd4;

  localparam logic [7:0] PROTOCOL_ICMP = 8'd1;
  localparam logic [7:0] PROTOCOL_TCP = 8'd6;
  localparam logic [7:0] PROTOCOL_UDP = 8'd17;
  localparam logic [7:0] PROTOCOL_FRAGMENT = 8'd44;
  localparam logic [7:0] PROTOCOL_AUTHENTICATION = 8'd51;
  localparam logic [7:0] PROTOCOL_ICMPV6 = 8'd58;
  localparam logic [7:0] PROTOCOL_SCTP = 8'd132;
  localparam logic [7:0] PROTOCOL_NONE = 8'd255;  // reserved (IANA): a chain of headers that cannot be read

  // IANA's list of extension headers, without ESP (50), which hides what follows and so ends the chain like a
  // transport protocol.
  function automatic logic is_extension(input logic [7:0] protocol);
    case (protocol)
      8'd0, 8'd43, PROTOCOL_FRAGMENT, PROTOCOL_AUTHENTICATION, 8'd60, 8'd135, 8'd139, 8'd140: is_extension = 1'b1;
      default: is_extension = 1'b0;
    endcase
  endfunction

  localparam logic [7:0] HEARTBEAT_VERSION = 8'd1;

  // Octet that names the host where a slot's number would stand in a fabric MAC address.
  localparam logic [7:0] CONTROL_SLOT = 8'hff;

  // Travels beside a frame's first beat. Each stage reads it, fills in its own fields and passes
  // it on. Offsets are bytes from the frame's first.
  typedef struct packed {
    // rx
    logic [1:0] origin;
    logic [3:0] ingress;
    logic [1:0] inject_mode;
    logic [7:0] inject_target;
    logic returned;  // it was held: see fragment_hold
    logic expired;   // and its time has passed
    // verdict of a frame that is steered by rules; the first stage that decides sets it
    logic by_rules;
    logic decided;
    logic [5:0] reason;  // linecard_regs_pkg::reason_t; Yosys 0.23 reads no type of another package here
    // parse
    logic [4:0] l3;
    logic ipv4;
    logic ipv6;
    logic bad_ip;
    logic neighbour;
    logic heartbeat;  // to the card itself
    logic [7:0] header_min;
    logic [16:0] packet_end;
    logic [7:0] protocol;
    logic first_fragment;
    logic later_fragment;
    logic [31:0] identification;  // IPv6; IPv4's is read where it is needed
    logic extended;  // there are IPv6 extension headers
    logic [7:0] l4;
    logic has_ports;
    logic [15:0] destination_port;
    logic [7:0] payload;
    logic [16:0] payload_end;
    logic [4:0] payload_length;  // bytes of payload that there are, at most PAYLOAD_BYTES
    logic quoted;              // an ICMP error; protocol, ports, fragment are those of what it quotes
    logic [7:0] destination_at;  // where the destination address begins, or the quoted source address
    // classify
    logic rule_hit;
    logic [4:0] rule;
    logic follows;  // a later fragment that goes where its first went
    // extract
    logic key_valid;
    logic [63:0] key;
    logic override_hit;
    logic asks;      // its rule wants the override table asked
    logic only;      // and nothing else
    logic fragment;  // its first fragment is known
    logic hold;      // it is not, yet
    logic [7:0] learned;  // first fragments learned by the time of the look-up, modulo 256
    logic [9:0] fragment_index;
    logic vid_valid;
    logic [15:0] vid;
    // lookup
    logic bad_row;  // its parity is wrong
    logic row_valid;
    logic row_in_sync;
    logic [5:0] row_backup;
    logic [5:0] row_active;
    // decide
    logic slot_valid;
    logic [5:0] slot;
    logic [7:0] epoch;
    logic [3:0] egress;
    logic sender_valid;  // it came from a slot that may send
    logic [5:0] sender;
  } meta_t;
  // Yosys 0.23 knows $bits of a signal only; linecard.sv checks this number.
  localparam int META_BITS = 321;

  // What a rule is compared by: see rule_terms. The rest of it is read where it matched.
  typedef struct packed {
    logic any_protocol;
    logic any_prefix;
    logic any_port;
    logic needs_l4;  // a later fragment does not have what it asks for
    logic [7:0] protocol;
    logic [7:0] prefixes;
    logic [15:0] port_low;
    logic [15:0] port_high;
    logic [31:0] value;  // by lanes of the payload, lane 0 lowest
    logic [31:0] mask;
    logic [7:0] words;   // of each lane: which word of the payload
    logic [4:0] needed;  // bytes of payload that there have to be
  } rule_terms_t;
  localparam int RULE_TERMS_BITS = 129;

  // The packet that an ICMP error quotes.
  typedef struct packed {
    logic valid;
    logic [7:0] protocol;
    logic later_fragment;
    logic has_ports;
    logic [15:0] port;      // source
    logic [7:0] source_at;  // where its source address begins
    logic [7:0] l4;
  } quote_t;
  localparam int QUOTE_BITS = 43;

  // What comes beside a frame into the pipeline.
  typedef struct packed {
    // of the hold buffer only
    logic [3:0] ingress;
    logic expired;
    logic [9:0] inject;  // linecard_regs_pkg::inject_t
    logic [15:0] stamp;  // clock of the first beat at the port
  } side_t;
  localparam int SIDE_BITS = 31;

  // The walk along IPv6 extension headers.
  typedef struct packed {
    logic open;            // a header begins
    logic [2:0] left;      // so many units of eight bytes further on,
    logic fragment;        // which is one of these
    logic authentication;
    logic seen;            // there was one
    logic unreadable;
    logic fragmented;      // a fragment header was among them
    logic [3:0] read;      // units that had to be there to say all this
    // as in meta_t
    logic [7:0] l4;
    logic [7:0] protocol;
    logic first_fragment;
    logic later_fragment;
    logic [31:0] identification;
  } chain_t;
  localparam int CHAIN_BITS = 63;

  // Eight bytes, if a header begins there.
  typedef struct packed {
    logic [2:0] at;
    logic [7:0] next_header;
    logic extension;       // which is one,
    logic fragment;        // and of these kinds
    logic authentication;
    logic [2:0] more;      // units behind this one, last of all,
    logic [2:0] last;
    logic impossible;      // which is beyond the bound
    logic [2:0] auth_more; // the same of an authentication header
    logic [2:0] auth_last;
    logic auth_impossible;
    // of a fragment header
    logic later;
    logic more_fragments;
    logic [31:0] identification;
  } chain_unit_t;
  localparam int CHAIN_UNIT_BITS = 62;

endpackage
