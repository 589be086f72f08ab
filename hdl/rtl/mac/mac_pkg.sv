// What the parts of a MAC say to each other.
// verilator lint_off UNUSEDPARAM
// (of a card without MACs nobody asks)
package mac_pkg;

  // ---- speeds, as RGMII's in-band status has them (RGMII 2.0, table 4)
  localparam logic [1:0] SPEED_10 = 2'd0;
  localparam logic [1:0] SPEED_100 = 2'd1;
  localparam logic [1:0] SPEED_1000 = 2'd2;

  // ---- what is counted: each code the word of its counter in an entry of the table `mac`
  // (hdl/registers.yaml), TX_NO_LINK that of word 8. What is right the card counts.
  localparam logic [2:0] TX_NO_LINK = 3'd0;
  localparam logic [2:0] RX_FCS = 3'd1;
  localparam logic [2:0] RX_ALIGNMENT = 3'd2;
  localparam logic [2:0] RX_CODE = 3'd3;
  localparam logic [2:0] RX_SHORT = 3'd4;
  localparam logic [2:0] RX_OVERSIZE = 3'd5;
  localparam logic [2:0] RX_NO_FRAME = 3'd6;
  localparam logic [2:0] RX_CUT = 3'd7;

  // ---- words from the receiver to the core: {code, last, octets - 1, data}
  //   of a frame: RX_NONE; its last with `last` and its fault or RX_NONE
  //   between frames: RX_NO_FRAME, or RX_STATUS with {full duplex, speed, link} in the low bits
  localparam logic [2:0] RX_NONE = 3'd0;
  localparam logic [2:0] RX_STATUS = 3'd7;  // without `last`
  localparam int RX_WORD_BITS = 3 + 1 + 2 + 32;

  // ---- words from the core to the transmitter: {command, last, octets - 1, data}
  //   a command with `last` ends the frame where it stands, one without has the speed in the low bits
  localparam int TX_WORD_BITS = 1 + 1 + 2 + 32;

  // ---- frames (IEEE 802.3 clauses 3.1.1, 3.2 and 4.4.2)
  localparam logic [7:0] PREAMBLE = 8'h55;
  localparam logic [7:0] SFD = 8'hd5;
  localparam int FCS_OCTETS = 4;

  // The check sequence (clause 3.2.9), the octet's least significant bit first.
  localparam logic [31:0] CRC_BEGIN = 32'hffff_ffff;
  localparam logic [31:0] CRC_GOOD = 32'hdebb_20e3;  // behind a frame with its right FCS
  // `octet` is the new one XOR the low octet of `crc`: with 0 the register moves on by an octet.
  function automatic logic [31:0] crc_fold(input logic [31:0] crc, input logic [7:0] octet);
    logic [31:0] rest;
    rest = {24'd0, octet};
    for (int i = 0; i < 8; i++) begin
      rest = {1'b0, rest[31:1]} ^ (rest[0] ? 32'hedb8_8320 : 32'd0);
    end
    crc_fold = {8'd0, crc[31:8]} ^ rest;
  endfunction

endpackage
