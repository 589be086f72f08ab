// Generated from hdl/registers.yaml by `npm run generate`; do not edit.
// verilator lint_off UNUSEDPARAM
// (constants of the map that only the host needs)
// verilator lint_off SYMRSVDWORD
// (fields whose names are words of C++ get another name there)
package linecard_regs_pkg;

  localparam int ADDRESS_BITS = 24;
  localparam logic [31:0] MAGIC = 32'h5649444c;
  localparam logic [15:0] VERSION_MAJOR = 16'd2;
  localparam logic [15:0] VERSION_MINOR = 16'd1;

  localparam logic [23:0] ADDR_IDENTITY_MAGIC = 24'h0;  // "VIDL" in ASCII
  localparam logic [23:0] ADDR_IDENTITY_VERSION = 24'h4;  // Version of this map
  localparam logic [23:0] ADDR_IDENTITY_BUILD_ID = 24'h8;  // First 32 bits of the SHA-256 over the RTL sources and the configuration
  localparam logic [23:0] ADDR_IDENTITY_CONFIGURATION = 24'hc;  // `id` of the configuration in hdl/configurations
  localparam logic [23:0] ADDR_IDENTITY_DATA_WIDTH = 24'h10;  // Width of the data path in bits (64 or 512)
  localparam logic [23:0] ADDR_IDENTITY_PORTS = 24'h14;  // Number of network ports
  localparam logic [23:0] ADDR_IDENTITY_SLOTS = 24'h18;  // Number of slots
  localparam logic [23:0] ADDR_IDENTITY_VIDS = 24'h1c;  // Number of VID rows
  localparam logic [23:0] ADDR_IDENTITY_RULES = 24'h20;  // Number of service rules
  localparam logic [23:0] ADDR_IDENTITY_PREFIXES = 24'h24;  // Number of destination prefixes that the rules share
  localparam logic [23:0] ADDR_IDENTITY_MAX_FRAME = 24'h28;  // Longest frame in bytes without FCS
  localparam logic [23:0] ADDR_IDENTITY_WINDOW = 24'h2c;  // Bytes of a frame's head that the card can look at
  localparam logic [23:0] ADDR_IDENTITY_VID_COUNTER_BITS = 24'h30;  // Width of each VID's packet counter
  localparam logic [23:0] ADDR_IDENTITY_VID_BYTE_COUNTER_BITS = 24'h34;  // Width of each VID's byte counter
  localparam logic [23:0] ADDR_IDENTITY_OVERRIDES = 24'h38;  // Places in the override table, both ways together
  localparam logic [23:0] ADDR_IDENTITY_FRAGMENTS = 24'h3c;  // Places in the table of fragmented packets
  localparam logic [23:0] ADDR_CONTROL_CONTROL = 24'h100;  // Global switches
  localparam logic [23:0] ADDR_CONTROL_FABRIC_PREFIX = 24'h104;  // First four octets of every slot's MAC address
  localparam logic [23:0] ADDR_CONTROL_STATUS = 24'h108;  // State at the moment of the read
  localparam logic [23:0] ADDR_CONTROL_SNAPSHOT = 24'h10c;  // Write
  localparam logic [23:0] ADDR_CONTROL_SNAPSHOT_IN_FLIGHT = 24'h110;  // Frames in flight at the clock of the snapshot
  localparam logic [23:0] ADDR_CONTROL_SNAPSHOT_HELD = 24'h114;  // Later fragments held at the clock of the snapshot, because their first has not come yet
  localparam logic [23:0] ADDR_CONTROL_TIME_LOW = 24'h118;  // The card's time in microseconds, low half
  localparam logic [23:0] ADDR_CONTROL_TIME_HIGH = 24'h11c;  // The card's time in microseconds, high half
  localparam logic [23:0] ADDR_CONTROL_FRAGMENT_US = 24'h120;  // How long a first fragment leads later ones, and how long one that came before its first is held, in microseconds
  localparam logic [23:0] ADDR_CONTROL_STALL_US = 24'h124;  // A fabric port whose queue is not empty and gives off nothing for this many microseconds takes its slots down
  localparam logic [23:0] ADDR_CONTROL_SUSPECT_HOLD_US = 24'h128;  // How long the queue of a port with a suspect slot may be held, in microseconds
  localparam logic [23:0] ADDR_CONTROL_OVERRIDES_CLEAR = 24'h12c;  // Write
  localparam logic [23:0] ADDR_EVENTS_SLOTS_LOW = 24'h200;  // Bit s
  localparam logic [23:0] ADDR_EVENTS_SLOTS_HIGH = 24'h204;  // The same, slots 32 to 63
  localparam logic [23:0] ADDR_EVENTS_PARITY_ERRORS = 24'h208;  // Words with the wrong parity that data path and scrubber have read since reset
  localparam logic [23:0] ADDR_EVENTS_PARITY_LAST = 24'h20c;  // Where the last of them is
  localparam logic [23:0] ADDR_EVENTS_SCRUBS = 24'h210;  // Times that the scrubber has read all words with parity since reset
  localparam logic [23:0] ADDR_MIRROR_SELECT = 24'h300;  // Whether, whither, and which VID
  localparam logic [23:0] ADDR_MIRROR_REASONS_LOW = 24'h304;  // Bit r
  localparam logic [23:0] ADDR_MIRROR_REASONS_HIGH = 24'h308;  // The same, reasons 32 to 63

  localparam logic [23:0] ADDR_TABLE_PORT = 24'h1000;  // Network ports
  localparam int STRIDE_PORT = 4;
  localparam int WORDS_PORT = 2;
  localparam logic [23:0] ADDR_TABLE_SLOT = 24'h2000;  // Places that a processor can occupy
  localparam int STRIDE_SLOT = 1;
  localparam int WORDS_SLOT = 1;
  localparam logic [23:0] ADDR_TABLE_SLOT_HEALTH = 24'h10000;  // What the card expects of each slot's heartbeats
  localparam int STRIDE_SLOT_HEALTH = 4;
  localparam int WORDS_SLOT_HEALTH = 3;
  localparam logic [23:0] ADDR_TABLE_SLOT_EVENT = 24'h12000;  // The last thing that happened to each slot
  localparam int STRIDE_SLOT_EVENT = 4;
  localparam int WORDS_SLOT_EVENT = 3;
  localparam logic [23:0] ADDR_TABLE_POLICER = 24'h14000;  // Limits of what is punted
  localparam int STRIDE_POLICER = 2;
  localparam int WORDS_POLICER = 2;
  localparam logic [23:0] ADDR_TABLE_MAC = 24'h16000;  // Each port's MAC, on a board
  localparam int STRIDE_MAC = 16;
  localparam int WORDS_MAC = 9;
  localparam logic [23:0] ADDR_TABLE_PREFIX = 24'h3000;  // Destination prefixes
  localparam int STRIDE_PREFIX = 16;
  localparam int WORDS_PREFIX = 9;
  localparam logic [23:0] ADDR_TABLE_RULE = 24'h4000;  // Service rules, tried in order of their index
  localparam int STRIDE_RULE = 16;
  localparam int WORDS_RULE = 10;
  localparam logic [23:0] ADDR_TABLE_TYPE_SET = 24'h6000;  // Message types that are set-ups, 256 bits a rule
  localparam int STRIDE_TYPE_SET = 1;
  localparam int WORDS_TYPE_SET = 1;
  localparam logic [23:0] ADDR_TABLE_VID_ROW = 24'h100000;  // The rows that VIDs name
  localparam int STRIDE_VID_ROW = 1;
  localparam int WORDS_VID_ROW = 1;
  localparam logic [23:0] ADDR_TABLE_OVERRIDE = 24'h400000;  // Exact matches that name a VID
  localparam int STRIDE_OVERRIDE = 8;
  localparam int WORDS_OVERRIDE = 5;
  localparam logic [23:0] ADDR_TABLE_OVERRIDE_HIT = 24'h600000;  // Overrides that packets have used, 32 a word
  localparam int STRIDE_OVERRIDE_HIT = 1;
  localparam int WORDS_OVERRIDE_HIT = 1;

  localparam logic [23:0] ADDR_COUNT_RECEIVED = 24'h7000;  // Frames taken into the card by origin
  localparam int STRIDE_COUNT_RECEIVED = 2;
  localparam logic [23:0] ADDR_COUNT_LOST = 24'h7100;  // Frames that found a port's receive buffer full, so that not even their head was kept
  localparam int STRIDE_COUNT_LOST = 2;
  localparam logic [23:0] ADDR_COUNT_ENDS = 24'h8000;  // Frames and bytes by end
  localparam int STRIDE_COUNT_ENDS = 4;
  localparam logic [23:0] ADDR_COUNT_SLOT_SENT = 24'ha000;  // Frames and bytes sent to each slot
  localparam int STRIDE_COUNT_SLOT_SENT = 4;
  localparam logic [23:0] ADDR_COUNT_SLOT_RECEIVED = 24'hb000;  // Frames and bytes that passed the source check of each slot
  localparam int STRIDE_COUNT_SLOT_RECEIVED = 4;
  localparam logic [23:0] ADDR_COUNT_RULE_HITS = 24'hc000;  // Frames and bytes that matched each rule
  localparam int STRIDE_COUNT_RULE_HITS = 4;
  localparam logic [23:0] ADDR_COUNT_PORT_RECEIVED = 24'hd000;  // Frames and bytes that ended, by the port they came in by
  localparam int STRIDE_COUNT_PORT_RECEIVED = 4;
  localparam logic [23:0] ADDR_COUNT_PORT_SENT = 24'he000;  // Frames and bytes put into each port's queue
  localparam int STRIDE_COUNT_PORT_SENT = 4;
  localparam logic [23:0] ADDR_COUNT_MIRRORED = 24'hf000;  // Copies for the mirror port
  localparam int STRIDE_COUNT_MIRRORED = 4;
  localparam logic [23:0] ADDR_COUNT_LATENCY = 24'hf100;  // Frames by clocks from their first beat at the port to their end
  localparam int STRIDE_COUNT_LATENCY = 2;
  localparam logic [23:0] ADDR_COUNT_VID_PACKETS = 24'h200000;  // Frames steered by each VID
  localparam int STRIDE_COUNT_VID_PACKETS = 2;
  localparam logic [23:0] ADDR_COUNT_VID_BYTES = 24'h300000;  // Bytes of frames steered by each VID
  localparam int STRIDE_COUNT_VID_BYTES = 2;

  localparam int ORIGINS = 3;
  localparam logic [1:0] ORIGIN_LINE = 2'd0;
  localparam logic [1:0] ORIGIN_SLOT = 2'd1;
  localparam logic [1:0] ORIGIN_HOST = 2'd2;

  typedef logic [5:0] reason_t;
  localparam reason_t REASON_STEER_ACTIVE = 6'd0;  // To the active slot of its VID.
  localparam reason_t REASON_STEER_BACKUP = 6'd1;  // To the backup slot of its VID: the active one is down, the backup is in sync.
  localparam reason_t REASON_PUNT_SETUP = 6'd4;  // A set-up packet by its service rule.
  localparam reason_t REASON_PUNT_VID_RANGE = 6'd5;  // The identifier gives a VID that the card has no row for.
  localparam reason_t REASON_PUNT_NO_ROW = 6'd6;  // The VID is not assigned.
  localparam reason_t REASON_PUNT_SLOTS_DOWN = 6'd7;  // The VID's active slot is down and there is no backup that is up and in sync.
  localparam reason_t REASON_PUNT_NEIGHBOUR = 6'd8;  // ARP or IPv6 neighbour discovery from the line.
  localparam reason_t REASON_PUNT_FRAGMENT = 6'd9;  // A fragment other than the first, which no rule matches without an L4 header: it follows a first fragment that was punted, or fragments are not followed.
  localparam reason_t REASON_PUNT_IPV6_EXTENSION = 6'd10;  // More than 64 bytes of IPv6 extension headers, or a chain that no receiver would take.
  localparam reason_t REASON_PUNT_WINDOW = 6'd11;  // The identifier, or the first payload bytes, lie beyond the header window.
  localparam reason_t REASON_PUNT_NO_OVERRIDE = 6'd12;  // The rule wants an override and there is none.
  localparam reason_t REASON_PUNT_ICMP = 6'd13;  // An ICMP error quotes a packet of ours in which the identifier cannot be read.
  localparam reason_t REASON_PUNT_PARITY = 6'd14;  // A table word that the decision needed has the wrong parity.
  localparam reason_t REASON_HOST_CONTROL = 6'd16;  // From a slot to the control address.
  localparam reason_t REASON_HOST_UNVERIFIED = 6'd17;  // To the control address from a fabric port, without the right to send (a processor that starts).
  localparam reason_t REASON_HOST_NEIGHBOUR = 6'd18;  // ARP or IPv6 neighbour discovery from a fabric port.
  localparam reason_t REASON_HEARTBEAT = 6'd19;  // A slot's heartbeat.
  localparam reason_t REASON_SLOT_TO_SLOT = 6'd20;  // From a slot to the MAC address of another slot.
  localparam reason_t REASON_INJECT_SLOT = 6'd21;  // Injected into a slot.
  localparam reason_t REASON_INJECT_FABRIC = 6'd22;  // Injected out of a fabric port as it is.
  localparam reason_t REASON_LINE_FROM_SLOT = 6'd24;  // From a slot to the line.
  localparam reason_t REASON_INJECT_LINE = 6'd25;  // Injected out of a line port as it is.
  localparam reason_t REASON_RX_ERROR = 6'd32;  // The receiver marked the frame bad (FCS).
  localparam reason_t REASON_RX_OVERSIZE = 6'd33;  // Longer than max_frame.
  localparam reason_t REASON_RX_OVERFLOW = 6'd34;  // The receive buffer filled up within the frame.
  localparam reason_t REASON_RX_UNDERRUN = 6'd35;  // A gap inside a frame on a cut-through port.
  localparam reason_t REASON_RUNT = 6'd36;  // Shorter than an Ethernet header.
  localparam reason_t REASON_TRUNCATED = 6'd37;  // The frame ends inside a header that it begins.
  localparam reason_t REASON_FOREIGN_MAC = 6'd38;  // From the line to a unicast MAC address that is not the port's.
  localparam reason_t REASON_ETHERTYPE = 6'd39;  // From the line: neither IP nor ARP after at most two VLAN tags.
  localparam reason_t REASON_IP_HEADER = 6'd40;  // IP version, header length or total length is impossible.
  localparam reason_t REASON_IP_LENGTH = 6'd41;  // The IP header promises more bytes than the frame has.
  localparam reason_t REASON_L4_LENGTH = 6'd42;  // The L4 header or its length does not fit into the IP packet.
  localparam reason_t REASON_NO_SERVICE = 6'd43;  // No service rule matches.
  localparam reason_t REASON_NO_IDENTIFIER = 6'd44;  // The packet ends before the identifier, or the message type, that its rule reads.
  localparam reason_t REASON_FRAGMENT_TIMEOUT = 6'd45;  // A later fragment whose first did not come in time.
  localparam reason_t REASON_FRAGMENT_FULL = 6'd46;  // A later fragment that came before its first and found no room to be held.
  localparam reason_t REASON_SOURCE_UNKNOWN = 6'd48;  // From a fabric port: the source MAC address is no slot of that port.
  localparam reason_t REASON_SOURCE_EPOCH = 6'd49;  // From a slot's MAC address of another epoch: an old incarnation.
  localparam reason_t REASON_SOURCE_DOWN = 6'd50;  // From a slot that is down.
  localparam reason_t REASON_SLOT_GROUP = 6'd51;  // From a slot to a group address.
  localparam reason_t REASON_SLOT_DOWN = 6'd52;  // To a slot, by its MAC address or by injection, that is down or does not exist.
  localparam reason_t REASON_INJECT_TARGET = 6'd53;  // Injected to a port that does not exist.
  localparam reason_t REASON_HEARTBEAT_REFUSED = 6'd54;  // A heartbeat that fails the source check or has another nonce.
  localparam reason_t REASON_QUEUE_FULL = 6'd56;  // The queue of the port it should leave by has no room.
  localparam reason_t REASON_DISABLED = 6'd57;  // The card is not enabled.
  localparam reason_t REASON_POLICED = 6'd58;  // It would be punted, but its service is over its rate.
  localparam reason_t REASON_HOST_SHARE = 6'd59;  // It would go to the host, but its service has its share of the host's queue.

  // To a slot, by VID.
  function automatic logic ends_in_steer(input reason_t reason);
    case (reason)
      REASON_STEER_ACTIVE,
      REASON_STEER_BACKUP: ends_in_steer = 1'b1;
      default: ends_in_steer = 1'b0;
    endcase
  endfunction

  // From the line to the host.
  function automatic logic ends_in_punt(input reason_t reason);
    case (reason)
      REASON_PUNT_SETUP,
      REASON_PUNT_VID_RANGE,
      REASON_PUNT_NO_ROW,
      REASON_PUNT_SLOTS_DOWN,
      REASON_PUNT_NEIGHBOUR,
      REASON_PUNT_FRAGMENT,
      REASON_PUNT_IPV6_EXTENSION,
      REASON_PUNT_WINDOW,
      REASON_PUNT_NO_OVERRIDE,
      REASON_PUNT_ICMP,
      REASON_PUNT_PARITY: ends_in_punt = 1'b1;
      default: ends_in_punt = 1'b0;
    endcase
  endfunction

  // From a slot to the host.
  function automatic logic ends_in_host(input reason_t reason);
    case (reason)
      REASON_HOST_CONTROL,
      REASON_HOST_UNVERIFIED,
      REASON_HOST_NEIGHBOUR: ends_in_host = 1'b1;
      default: ends_in_host = 1'b0;
    endcase
  endfunction

  // To a slot, not by VID.
  function automatic logic ends_in_slot(input reason_t reason);
    case (reason)
      REASON_SLOT_TO_SLOT,
      REASON_INJECT_SLOT,
      REASON_INJECT_FABRIC: ends_in_slot = 1'b1;
      default: ends_in_slot = 1'b0;
    endcase
  endfunction

  // Out of a line port.
  function automatic logic ends_in_line(input reason_t reason);
    case (reason)
      REASON_LINE_FROM_SLOT,
      REASON_INJECT_LINE: ends_in_line = 1'b1;
      default: ends_in_line = 1'b0;
    endcase
  endfunction

  // To the card itself.
  function automatic logic ends_in_consume(input reason_t reason);
    case (reason)
      REASON_HEARTBEAT: ends_in_consume = 1'b1;
      default: ends_in_consume = 1'b0;
    endcase
  endfunction

  // Nowhere.
  function automatic logic ends_in_drop(input reason_t reason);
    case (reason)
      REASON_RX_ERROR,
      REASON_RX_OVERSIZE,
      REASON_RX_OVERFLOW,
      REASON_RX_UNDERRUN,
      REASON_RUNT,
      REASON_TRUNCATED,
      REASON_FOREIGN_MAC,
      REASON_ETHERTYPE,
      REASON_IP_HEADER,
      REASON_IP_LENGTH,
      REASON_L4_LENGTH,
      REASON_NO_SERVICE,
      REASON_NO_IDENTIFIER,
      REASON_FRAGMENT_TIMEOUT,
      REASON_FRAGMENT_FULL,
      REASON_SOURCE_UNKNOWN,
      REASON_SOURCE_EPOCH,
      REASON_SOURCE_DOWN,
      REASON_SLOT_GROUP,
      REASON_SLOT_DOWN,
      REASON_INJECT_TARGET,
      REASON_HEARTBEAT_REFUSED,
      REASON_QUEUE_FULL,
      REASON_DISABLED,
      REASON_POLICED,
      REASON_HOST_SHARE: ends_in_drop = 1'b1;
      default: ends_in_drop = 1'b0;
    endcase
  endfunction

  // Network ports. The role decides which side of the card a frame comes from.
  localparam int BITS_PORT = 50;
  localparam int LSB_PORT_MAC = 0;  // in port_entry_t
  localparam int LSB_PORT_FABRIC = 48;  // in port_entry_t
  localparam int LSB_PORT_CUT_THROUGH = 49;  // in port_entry_t
  typedef struct packed {
    logic cut_through;
    logic fabric;
    logic [47:0] mac;
  } port_entry_t;

  function automatic logic [49:0] unpack_port(input logic [63:0] words);
    unpack_port = {words[49], words[48], words[47:0]};
  endfunction

  function automatic logic [63:0] pack_port(input logic [49:0] entry);
    pack_port = {14'b0, entry[49], entry[48], entry[47:0]};
  endfunction

  // Places that a processor can occupy.
  localparam int BITS_SLOT = 17;
  localparam int LSB_SLOT_UP = 0;  // in slot_entry_t
  localparam int LSB_SLOT_PORT = 1;  // in slot_entry_t
  localparam int LSB_SLOT_LINE_PORT = 5;  // in slot_entry_t
  localparam int LSB_SLOT_EPOCH = 9;  // in slot_entry_t
  typedef struct packed {
    logic [7:0] epoch;
    logic [3:0] line_port;
    logic [3:0] port;
    logic up;
  } slot_entry_t;

  function automatic logic [16:0] unpack_slot(input logic [31:0] words);
    unpack_slot = {words[23:16], words[11:8], words[7:4], words[0]};
  endfunction

  function automatic logic [31:0] pack_slot(input logic [16:0] entry);
    pack_slot = {8'b0, entry[16:9], 4'b0, entry[8:5], entry[4:1], 3'b0, entry[0]};
  endfunction

  // What the card expects of each slot's heartbeats.
  localparam int BITS_SLOT_HEALTH = 80;
  localparam int LSB_SLOT_HEALTH_NONCE = 0;  // in slot_health_entry_t
  localparam int LSB_SLOT_HEALTH_TIMEOUT_US = 32;  // in slot_health_entry_t
  localparam int LSB_SLOT_HEALTH_SUSPECT_US = 56;  // in slot_health_entry_t
  typedef struct packed {
    logic [23:0] suspect_us;
    logic [23:0] timeout_us;
    logic [31:0] nonce;
  } slot_health_entry_t;

  function automatic logic [79:0] unpack_slot_health(input logic [95:0] words);
    unpack_slot_health = {words[87:64], words[55:32], words[31:0]};
  endfunction

  function automatic logic [95:0] pack_slot_health(input logic [79:0] entry);
    pack_slot_health = {8'b0, entry[79:56], 8'b0, entry[55:32], entry[31:0]};
  endfunction

  // The last thing that happened to each slot. Writing word 0 with `count` as it was read acknowledges it; with another count it does nothing.
  localparam int BITS_SLOT_EVENT = 61;
  localparam int LSB_SLOT_EVENT_COUNT = 0;  // in slot_event_entry_t
  localparam int LSB_SLOT_EVENT_CAUSE = 8;  // in slot_event_entry_t
  localparam int LSB_SLOT_EVENT_WENT_DOWN = 11;  // in slot_event_entry_t
  localparam int LSB_SLOT_EVENT_STALE = 12;  // in slot_event_entry_t
  localparam int LSB_SLOT_EVENT_TIME_US = 13;  // in slot_event_entry_t
  typedef struct packed {
    logic [47:0] time_us;
    logic stale;
    logic went_down;
    logic [2:0] cause;
    logic [7:0] count;
  } slot_event_entry_t;

  function automatic logic [60:0] unpack_slot_event(input logic [95:0] words);
    unpack_slot_event = {words[79:32], words[13], words[12], words[10:8], words[7:0]};
  endfunction

  function automatic logic [95:0] pack_slot_event(input logic [60:0] entry);
    pack_slot_event = {16'b0, entry[60:13], 18'b0, entry[12], entry[11], 1'b0, entry[10:8], entry[7:0]};
  endfunction

  // Limits of what is punted: entry r for rule r, entry RULES for frames from the line without a rule, entry RULES + 1 for frames from fabric ports to the host. Policed by GCRA (ITU-T I.371 annex A).
  localparam int BITS_POLICER = 63;
  localparam int LSB_POLICER_INTERVAL = 0;  // in policer_entry_t
  localparam int LSB_POLICER_SHARE = 24;  // in policer_entry_t
  localparam int LSB_POLICER_BURST = 31;  // in policer_entry_t
  typedef struct packed {
    logic [31:0] burst;
    logic [6:0] share;
    logic [23:0] interval;
  } policer_entry_t;

  function automatic logic [62:0] unpack_policer(input logic [63:0] words);
    unpack_policer = {words[63:32], words[30:24], words[23:0]};
  endfunction

  function automatic logic [63:0] pack_policer(input logic [62:0] entry);
    pack_policer = {entry[62:31], 1'b0, entry[30:24], entry[23:0]};
  endfunction

  // Each port's MAC, on a board; where there is none, all reads 0. Counters are modulo 2^32, belong to no snapshot and start at 0 at reset. Each frame with a fault counts once, and ends in the card as `rx_error` or `rx_oversize`; good ones are counted by the card alone.
  localparam int BITS_MAC = 262;
  localparam int LSB_MAC_PRESENT = 0;  // in mac_entry_t
  localparam int LSB_MAC_LINK = 1;  // in mac_entry_t
  localparam int LSB_MAC_SPEED = 2;  // in mac_entry_t
  localparam int LSB_MAC_FULL_DUPLEX = 4;  // in mac_entry_t
  localparam int LSB_MAC_RMII = 5;  // in mac_entry_t
  localparam int LSB_MAC_RX_FCS = 6;  // in mac_entry_t
  localparam int LSB_MAC_RX_ALIGNMENT = 38;  // in mac_entry_t
  localparam int LSB_MAC_RX_CODE = 70;  // in mac_entry_t
  localparam int LSB_MAC_RX_SHORT = 102;  // in mac_entry_t
  localparam int LSB_MAC_RX_OVERSIZE = 134;  // in mac_entry_t
  localparam int LSB_MAC_RX_NO_FRAME = 166;  // in mac_entry_t
  localparam int LSB_MAC_RX_CUT = 198;  // in mac_entry_t
  localparam int LSB_MAC_TX_NO_LINK = 230;  // in mac_entry_t
  typedef struct packed {
    logic [31:0] tx_no_link;
    logic [31:0] rx_cut;
    logic [31:0] rx_no_frame;
    logic [31:0] rx_oversize;
    logic [31:0] rx_short;
    logic [31:0] rx_code;
    logic [31:0] rx_alignment;
    logic [31:0] rx_fcs;
    logic rmii;
    logic full_duplex;
    logic [1:0] speed;
    logic link;
    logic present;
  } mac_entry_t;

  function automatic logic [261:0] unpack_mac(input logic [287:0] words);
    unpack_mac = {words[287:256], words[255:224], words[223:192], words[191:160], words[159:128], words[127:96], words[95:64], words[63:32], words[5], words[4], words[3:2], words[1], words[0]};
  endfunction

  function automatic logic [287:0] pack_mac(input logic [261:0] entry);
    pack_mac = {entry[261:230], entry[229:198], entry[197:166], entry[165:134], entry[133:102], entry[101:70], entry[69:38], entry[37:6], 26'b0, entry[5], entry[4], entry[3:2], entry[1], entry[0]};
  endfunction

  // Destination prefixes; a rule names the set of prefixes it accepts.
  localparam int BITS_PREFIX = 258;
  localparam int LSB_PREFIX_ADDRESS = 0;  // in prefix_entry_t
  localparam int LSB_PREFIX_MASK = 128;  // in prefix_entry_t
  localparam int LSB_PREFIX_V6 = 256;  // in prefix_entry_t
  localparam int LSB_PREFIX_VALID = 257;  // in prefix_entry_t
  typedef struct packed {
    logic valid;
    logic v6;
    logic [127:0] mask;
    logic [127:0] address;
  } prefix_entry_t;

  function automatic logic [257:0] unpack_prefix(input logic [287:0] words);
    unpack_prefix = {words[257], words[256], words[255:128], words[127:0]};
  endfunction

  function automatic logic [287:0] pack_prefix(input logic [257:0] entry);
    pack_prefix = {30'b0, entry[257], entry[256], entry[255:128], entry[127:0]};
  endfunction

  // Service rules, tried in order of their index; the first that matches decides.
  localparam int BITS_RULE = 287;
  localparam int LSB_RULE_VALID = 0;  // in rule_entry_t
  localparam int LSB_RULE_ANY_PROTOCOL = 1;  // in rule_entry_t
  localparam int LSB_RULE_ANY_PREFIX = 2;  // in rule_entry_t
  localparam int LSB_RULE_ANY_PORT = 3;  // in rule_entry_t
  localparam int LSB_RULE_PROTOCOL = 4;  // in rule_entry_t
  localparam int LSB_RULE_PREFIXES = 12;  // in rule_entry_t
  localparam int LSB_RULE_PORT_LOW = 20;  // in rule_entry_t
  localparam int LSB_RULE_PORT_HIGH = 36;  // in rule_entry_t
  localparam int LSB_RULE_COMPARE_VALUE = 52;  // in rule_entry_t
  localparam int LSB_RULE_COMPARE_MASK = 84;  // in rule_entry_t
  localparam int LSB_RULE_COMPARE_OFFSET = 116;  // in rule_entry_t
  localparam int LSB_RULE_TYPE_OFFSET = 120;  // in rule_entry_t
  localparam int LSB_RULE_SETUP_ALWAYS = 124;  // in rule_entry_t
  localparam int LSB_RULE_SETUP_ZERO = 125;  // in rule_entry_t
  localparam int LSB_RULE_SETUP_TYPE = 126;  // in rule_entry_t
  localparam int LSB_RULE_ID_BASE = 127;  // in rule_entry_t
  localparam int LSB_RULE_ID_LITTLE = 129;  // in rule_entry_t
  localparam int LSB_RULE_ID_WIDTH = 130;  // in rule_entry_t
  localparam int LSB_RULE_ID_OFFSET = 134;  // in rule_entry_t
  localparam int LSB_RULE_ID_MASK = 142;  // in rule_entry_t
  localparam int LSB_RULE_ID_SUBTRACT = 206;  // in rule_entry_t
  localparam int LSB_RULE_ID_SHIFT = 270;  // in rule_entry_t
  localparam int LSB_RULE_OVERRIDE = 276;  // in rule_entry_t
  localparam int LSB_RULE_OVERRIDE_ONLY = 278;  // in rule_entry_t
  localparam int LSB_RULE_OVERRIDE_SPACE = 279;  // in rule_entry_t
  typedef struct packed {
    logic [7:0] override_space;
    logic override_only;
    logic [1:0] override;
    logic [5:0] id_shift;
    logic [63:0] id_subtract;
    logic [63:0] id_mask;
    logic [7:0] id_offset;
    logic [3:0] id_width;
    logic id_little;
    logic [1:0] id_base;
    logic setup_type;
    logic setup_zero;
    logic setup_always;
    logic [3:0] type_offset;
    logic [3:0] compare_offset;
    logic [31:0] compare_mask;
    logic [31:0] compare_value;
    logic [15:0] port_high;
    logic [15:0] port_low;
    logic [7:0] prefixes;
    logic [7:0] protocol;
    logic any_port;
    logic any_prefix;
    logic any_protocol;
    logic valid;
  } rule_entry_t;

  function automatic logic [286:0] unpack_rule(input logic [319:0] words);
    unpack_rule = {words[311:304], words[298], words[297:296], words[293:288], words[287:224], words[223:160], words[159:152], words[147:144], words[142], words[141:140], words[138], words[137], words[136], words[135:132], words[131:128], words[127:96], words[95:64], words[63:48], words[47:32], words[23:16], words[15:8], words[3], words[2], words[1], words[0]};
  endfunction

  function automatic logic [319:0] pack_rule(input logic [286:0] entry);
    pack_rule = {8'b0, entry[286:279], 5'b0, entry[278], entry[277:276], 2'b0, entry[275:270], entry[269:206], entry[205:142], entry[141:134], 4'b0, entry[133:130], 1'b0, entry[129], entry[128:127], 1'b0, entry[126], entry[125], entry[124], entry[123:120], entry[119:116], entry[115:84], entry[83:52], entry[51:36], entry[35:20], 8'b0, entry[19:12], entry[11:4], 4'b0, entry[3], entry[2], entry[1], entry[0]};
  endfunction

  // Message types that are set-ups, 256 bits a rule: entry rule * 8 + type / 32, bit type % 32.
  localparam int BITS_TYPE_SET = 32;
  localparam int LSB_TYPE_SET_TYPES = 0;  // in type_set_entry_t
  typedef struct packed {
    logic [31:0] types;
  } type_set_entry_t;

  function automatic logic [31:0] unpack_type_set(input logic [31:0] words);
    unpack_type_set = {words[31:0]};
  endfunction

  function automatic logic [31:0] pack_type_set(input logic [31:0] entry);
    pack_type_set = {entry[31:0]};
  endfunction

  // The rows that VIDs name.
  localparam int BITS_VID_ROW = 14;
  localparam int LSB_VID_ROW_ACTIVE = 0;  // in vid_row_entry_t
  localparam int LSB_VID_ROW_BACKUP = 6;  // in vid_row_entry_t
  localparam int LSB_VID_ROW_BACKUP_IN_SYNC = 12;  // in vid_row_entry_t
  localparam int LSB_VID_ROW_VALID = 13;  // in vid_row_entry_t
  typedef struct packed {
    logic valid;
    logic backup_in_sync;
    logic [5:0] backup;
    logic [5:0] active;
  } vid_row_entry_t;

  function automatic logic [13:0] unpack_vid_row(input logic [31:0] words);
    unpack_vid_row = {words[15], words[14], words[13:8], words[5:0]};
  endfunction

  function automatic logic [31:0] pack_vid_row(input logic [13:0] entry);
    pack_vid_row = {16'b0, entry[13], entry[12], entry[11:6], 2'b0, entry[5:0]};
  endfunction

  // Exact matches that name a VID. A key lies in one of two places: hash `way0` gives one in the first half, hash `way1` one in the second. The write of the last word puts the entry in place.
  localparam int BITS_OVERRIDE = 153;
  localparam int LSB_OVERRIDE_KEY = 0;  // in override_entry_t
  localparam int LSB_OVERRIDE_SPACE = 128;  // in override_entry_t
  localparam int LSB_OVERRIDE_VID = 136;  // in override_entry_t
  localparam int LSB_OVERRIDE_VALID = 152;  // in override_entry_t
  typedef struct packed {
    logic valid;
    logic [15:0] vid;
    logic [7:0] space;
    logic [127:0] key;
  } override_entry_t;

  function automatic logic [152:0] unpack_override(input logic [159:0] words);
    unpack_override = {words[152], words[151:136], words[135:128], words[127:0]};
  endfunction

  function automatic logic [159:0] pack_override(input logic [152:0] entry);
    pack_override = {7'b0, entry[152], entry[151:136], entry[135:128], entry[127:0]};
  endfunction

  // Overrides that packets have used, 32 a word; bit n of word w for place 32 w + n. Writing 1 clears the bit.
  localparam int BITS_OVERRIDE_HIT = 32;
  localparam int LSB_OVERRIDE_HIT_HITS = 0;  // in override_hit_entry_t
  typedef struct packed {
    logic [31:0] hits;
  } override_hit_entry_t;

  function automatic logic [31:0] unpack_override_hit(input logic [31:0] words);
    unpack_override_hit = {words[31:0]};
  endfunction

  function automatic logic [31:0] pack_override_hit(input logic [31:0] entry);
    pack_override_hit = {entry[31:0]};
  endfunction

  // Values of fields that are a choice.
  localparam logic [1:0] EVENTS_PARITY_LAST_TABLE_VID_ROW = 2'd0;
  localparam logic [1:0] EVENTS_PARITY_LAST_TABLE_OVERRIDE = 2'd1;
  localparam logic [1:0] EVENTS_PARITY_LAST_TABLE_TYPE_SET = 2'd2;
  localparam logic [2:0] SLOT_EVENT_CAUSE_NONE = 3'd0;
  localparam logic [2:0] SLOT_EVENT_CAUSE_HOST = 3'd1;
  localparam logic [2:0] SLOT_EVENT_CAUSE_HEARTBEAT = 3'd2;
  localparam logic [2:0] SLOT_EVENT_CAUSE_LINK = 3'd3;
  localparam logic [2:0] SLOT_EVENT_CAUSE_STALL = 3'd4;
  localparam logic [1:0] MAC_SPEED_M10 = 2'd0;
  localparam logic [1:0] MAC_SPEED_M100 = 2'd1;
  localparam logic [1:0] MAC_SPEED_M1000 = 2'd2;
  localparam logic [1:0] RULE_ID_BASE_L3 = 2'd0;
  localparam logic [1:0] RULE_ID_BASE_L4 = 2'd1;
  localparam logic [1:0] RULE_ID_BASE_PAYLOAD = 2'd2;
  localparam logic [1:0] RULE_ID_BASE_DESTINATION = 2'd3;
  localparam logic [1:0] RULE_OVERRIDE_NONE = 2'd0;
  localparam logic [1:0] RULE_OVERRIDE_IDENTIFIER = 2'd1;
  localparam logic [1:0] RULE_OVERRIDE_SOURCE = 2'd2;
  localparam logic [1:0] RULE_OVERRIDE_SOURCE_IDENTIFIER = 2'd3;
  localparam logic [1:0] INJECT_MODE_PORT = 2'd0;
  localparam logic [1:0] INJECT_MODE_SLOT = 2'd1;
  localparam logic [1:0] INJECT_MODE_STEER = 2'd2;

  // First half of the override table; places of fragmented packets (CRC-16 of ITU-T V.41).
  function automatic logic [15:0] hash_way0(input logic [135:0] value);
    hash_way0[0] = ^(value & 136'h108a4a7d0581572d4f859b040b1c581911);
    hash_way0[1] = ^(value & 136'h211494fa0b02ae5a9f0b36081638b03222);
    hash_way0[2] = ^(value & 136'h422929f416055cb53e166c102c71606444);
    hash_way0[3] = ^(value & 136'h845253e82c0ab96a7c2cd82058e2c0c888);
    hash_way0[4] = ^(value & 136'h8a4a7d0581572d4f859b040b1c5819110);
    hash_way0[5] = ^(value & 136'h1c305ddb5abb284bf36fb8568975b3b31);
    hash_way0[6] = ^(value & 136'h3860bbb6b5765097e6df70ad12eb67662);
    hash_way0[7] = ^(value & 136'h70c1776d6aeca12fcdbee15a25d6cecc4);
    hash_way0[8] = ^(value & 136'he182eedad5d9425f9b7dc2b44bad9d988);
    hash_way0[9] = ^(value & 136'h1c305ddb5abb284bf36fb8568975b3b310);
    hash_way0[10] = ^(value & 136'h3860bbb6b5765097e6df70ad12eb676620);
    hash_way0[11] = ^(value & 136'h70c1776d6aeca12fcdbee15a25d6cecc40);
    hash_way0[12] = ^(value & 136'hf108a4a7d0581572d4f859b040b1c58191);
    hash_way0[13] = ^(value & 136'he211494fa0b02ae5a9f0b36081638b0322);
    hash_way0[14] = ^(value & 136'hc422929f416055cb53e166c102c7160644);
    hash_way0[15] = ^(value & 136'h8845253e82c0ab96a7c2cd82058e2c0c88);
  endfunction

  // Second half of the override table (CRC-16 of USB and Modbus).
  function automatic logic [15:0] hash_way1(input logic [135:0] value);
    hash_way1[0] = ^(value & 136'hbfbf00feabfccffbbff0ffebffcfffbfff);
    hash_way1[1] = ^(value & 136'h7f7e01fd57f99ff77fe1ffd7ff9fff7ffe);
    hash_way1[2] = ^(value & 136'h41430304040ff0154033004400f0014003);
    hash_way1[3] = ^(value & 136'h82860608081fe02a8066008801e0028006);
    hash_way1[4] = ^(value & 136'h50c0c10103fc05500cc011003c005000c);
    hash_way1[5] = ^(value & 136'ha181820207f80aa0198022007800a0018);
    hash_way1[6] = ^(value & 136'h1430304040ff0154033004400f00140030);
    hash_way1[7] = ^(value & 136'h2860608081fe02a8066008801e00280060);
    hash_way1[8] = ^(value & 136'h50c0c10103fc05500cc011003c005000c0);
    hash_way1[9] = ^(value & 136'ha181820207f80aa0198022007800a00180);
    hash_way1[10] = ^(value & 136'h430304040ff0154033004400f001400300);
    hash_way1[11] = ^(value & 136'h860608081fe02a8066008801e002800600);
    hash_way1[12] = ^(value & 136'hc0c10103fc05500cc011003c005000c00);
    hash_way1[13] = ^(value & 136'h181820207f80aa0198022007800a001800);
    hash_way1[14] = ^(value & 136'h30304040ff0154033004400f0014003000);
    hash_way1[15] = ^(value & 136'hdfdf807f55fe67fddff87ff5ffe7ffdfff);
  endfunction

  // What the host says of a frame that it injects; travels beside the frame's first beat. The first field of the description is the lowest.
  localparam int INJECT_BITS = 10;
  typedef struct packed {
    logic [7:0] target;  // Port or slot.
    logic [1:0] mode;  // port: out of port `target` as it is. slot: into slot `target`. steer: as if it had come in by line port `target`.
  } inject_t;

  // What the card decided about a frame and on what grounds; one for each frame, at its end. With punted frames it goes to the host. The first field of the description is the lowest.
  localparam int DECISION_BITS = 200;
  typedef struct packed {
    logic [47:0] time_us;  // The card's time in microseconds at the frame's end.
    logic [15:0] length;  // Bytes of the frame as received; max_frame + 1 for every frame longer than max_frame.
    logic [7:0] epoch;  // Epoch of that slot.
    logic [5:0] slot;  // Slot it was sent to; from a slot to line or host: the slot that sent it.
    logic slot_valid;  // `slot` and `epoch` mean something.
    logic row_valid;  // valid of the VID's row.
    logic row_in_sync;  // backup_in_sync of the VID's row.
    logic [5:0] row_backup;  // Backup slot in the VID's row.
    logic [5:0] row_active;  // Active slot in the VID's row.
    logic [15:0] vid;  // That VID.
    logic vid_valid;  // There is a VID, and it is in range.
    logic override_hit;  // The VID is an override's.
    logic [63:0] key;  // The identifier as it stands in the packet.
    logic key_valid;  // An identifier was read.
    logic quoted;  // An ICMP error, judged by the packet that it quotes.
    logic fragment;  // A later fragment that followed its first.
    logic [4:0] rule;  // Index of that rule.
    logic rule_hit;  // A service rule matched.
    logic [3:0] egress;  // Port it left by; the number of ports stands for the host. No meaning for a drop.
    logic [3:0] ingress;  // Port it came in by; the number of ports stands for the host.
    logic [1:0] origin;  // Where it came from.
    logic [5:0] reason;  // Why the frame ended as it did.
  } decision_t;

endpackage
