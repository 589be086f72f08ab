// Shape of the pipeline: what travels beside a frame, and at which tap of the header line each
// stage works.
//
// The header line is a shift register of beats. Inside the pipeline a frame has no gaps, so when
// its first beat stands at position s, its beat i stands at position s - i. A stage that works at
// tap s therefore sees header byte b as soon as s >= b / bytes-per-beat, at fixed wires, and no
// stage needs a copy of the header. Every function takes the bytes per beat (8 or 64).
package linecard_pkg;

  // Header bytes that stages can look at: 160 hold the longest chain of headers we read (two VLAN
  // tags 22, IPv4 with options 60, TCP with options 60) and 16 bytes of payload.
  localparam int WINDOW = 160;
  localparam int MAX_FRAME = 2000;  // without FCS; IEEE 802.3 clause 3.2.7 has envelope frames of 2000 with it
  localparam int L3_MAX = 22;       // behind two VLAN tags
  localparam int L4_MAX = 82;       // behind that and IPv4 with all options
  localparam int PAYLOAD_MAX = 142; // behind that and TCP with all options
  localparam int PAYLOAD_BYTES = 16; // payload bytes that rules can compare

  function automatic int max(input int a, input int b);
    max = (a > b) ? a : b;
  endfunction

  // Taps. Each stage registers its result, so the next works one position further or later.
  function automatic int tap_l2(input int k);
    tap_l2 = (L3_MAX - 1) / k;
  endfunction
  function automatic int tap_l3_select(input int k);
    tap_l3_select = max(tap_l2(k) + 1, (L3_MAX + 40 - 1) / k);
  endfunction
  function automatic int tap_l3(input int k);
    tap_l3 = tap_l3_select(k) + 1;
  endfunction
  function automatic int tap_l4_select(input int k);
    tap_l4_select = max(tap_l3(k) + 1, (L4_MAX + 16 - 1) / k);
  endfunction
  function automatic int tap_l4(input int k);
    tap_l4 = tap_l4_select(k) + 1;
  endfunction
  function automatic int tap_payload(input int k);
    tap_payload = max(tap_l4(k) + 1, (PAYLOAD_MAX + PAYLOAD_BYTES - 1) / k);
  endfunction
  function automatic int tap_match(input int k);
    tap_match = tap_payload(k) + 1;
  endfunction
  function automatic int tap_select(input int k);
    tap_select = tap_match(k) + 1;
  endfunction
  function automatic int tap_locate(input int k);
    tap_locate = tap_select(k) + 1;
  endfunction
  function automatic int tap_fetch(input int k);
    tap_fetch = tap_locate(k) + 1;
  endfunction
  function automatic int tap_align(input int k);
    tap_align = tap_fetch(k) + 1;
  endfunction
  function automatic int tap_subtract(input int k);
    tap_subtract = tap_align(k) + 1;
  endfunction
  function automatic int tap_shift(input int k);
    tap_shift = tap_subtract(k) + 1;
  endfunction
  function automatic int tap_row(input int k);
    tap_row = tap_shift(k) + 1;
  endfunction
  localparam int ROW_LATENCY = 3;
  function automatic int tap_slots(input int k);
    tap_slots = tap_row(k) + ROW_LATENCY;
  endfunction
  function automatic int tap_decide(input int k);
    tap_decide = tap_slots(k) + 1;
  endfunction
  function automatic int tap_rewrite(input int k);
    tap_rewrite = tap_decide(k) + 1;
  endfunction

  // What the receiver says of a frame, with its last beat.
  localparam logic [2:0] RX_OK = 3'd0;
  localparam logic [2:0] RX_ERROR = 3'd1;
  localparam logic [2:0] RX_OVERSIZE = 3'd2;
  localparam logic [2:0] RX_OVERFLOW = 3'd3;
  localparam logic [2:0] RX_UNDERRUN = 3'd4;

  localparam logic [7:0] PROTOCOL_TCP = 8'd6;
  localparam logic [7:0] PROTOCOL_UDP = 8'd17;
  localparam logic [7:0] PROTOCOL_ICMPV6 = 8'd58;
  localparam logic [7:0] PROTOCOL_SCTP = 8'd132;

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
    logic [7:0] header_min;
    logic [16:0] packet_end;
    logic [7:0] protocol;
    logic first_fragment;
    logic later_fragment;
    logic [7:0] l4;
    logic has_ports;
    logic [15:0] destination_port;
    logic [7:0] payload;
    logic [16:0] payload_end;
    logic [4:0] payload_length;  // bytes of payload that there are, at most PAYLOAD_BYTES
    // classify
    logic rule_hit;
    logic [4:0] rule;
    // extract
    logic key_valid;
    logic [63:0] key;
    logic vid_valid;
    logic [15:0] vid;
    // lookup
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
  localparam int META_BITS = 251;

endpackage
