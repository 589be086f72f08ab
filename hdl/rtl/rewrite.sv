// Rewrite: MAC addresses of what goes to a slot or to the line (docs/card.md, step 6); one clock.
// From here on the metadata stays beside all beats of its frame, and with each beat comes what would
// be wrong with a frame that ended there (step 1).
module rewrite #(
    parameter int DATA_WIDTH = 64,
    parameter int PORTS = 2,
    localparam int K = DATA_WIDTH / 8,
    localparam int COUNT_BITS = $clog2(K)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  linecard_pkg::meta_t   meta_i,  // with the first beat
    input  logic                  valid_i,
    input  logic                  first_i,
    input  logic [DATA_WIDTH-1:0] data_i,
    input  logic [COUNT_BITS-1:0] count_i,
    input  logic                  last_i,
    input  logic [2:0]            verdict_i,
    input  logic [15:0]           length_i,
    input  logic                  enable_i,
    input  logic [31:0]           fabric_prefix_i,
    input  logic [PORTS*linecard_regs_pkg::BITS_PORT-1:0] ports_i,
    output linecard_pkg::meta_t   meta_o,  // with every beat
    output logic                  valid_o,
    output logic [DATA_WIDTH-1:0] data_o,
    output logic [COUNT_BITS-1:0] count_o,
    output logic                  last_o,
    output linecard_pkg::meta_t   meta_next_o,  // of the next clock's beat
    output logic                  ill_o,
    output logic [5:0]            illness_o,  // reason, where ill_o
    output logic [15:0]           length_o    // bytes up to and with this beat; one that marks a gap is none
);
  localparam int PORT_BITS = linecard_regs_pkg::BITS_PORT;
  localparam int MAC_BEATS = (12 + K - 1) / K;

  logic [47:0] port_mac;
  always_comb begin
    port_mac = '0;
    for (int p = 0; p < PORTS; p++) begin
      if (meta_i.egress == 4'(p)) port_mac = ports_i[p*PORT_BITS+linecard_regs_pkg::LSB_PORT_MAC+:48];
    end
  end

  logic new_destination, new_source;
  always_comb begin
    new_destination = linecard_regs_pkg::ends_in_steer(meta_i.reason) ||
        meta_i.reason == linecard_regs_pkg::REASON_INJECT_SLOT ||
        meta_i.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT;
    new_source = linecard_regs_pkg::ends_in_steer(meta_i.reason) ||
        meta_i.reason == linecard_regs_pkg::REASON_INJECT_SLOT ||
        meta_i.reason == linecard_regs_pkg::REASON_LINE_FROM_SLOT;
  end

  // Both addresses as 12 bytes in wire order, byte b at [b*8]; and which bytes of them are new.
  logic [95:0] macs, macs_q, macs_now;
  logic [11:0] change, change_q, change_now;
  logic [47:0] slot_mac;
  assign slot_mac = {fabric_prefix_i, 2'b00, meta_i.slot, meta_i.epoch};
  always_comb begin
    for (int i = 0; i < 6; i++) begin
      macs[i*8+:8] = slot_mac[47-8*i-:8];
      macs[(6+i)*8+:8] = port_mac[47-8*i-:8];
    end
    change = {{6{new_source}}, {6{new_destination}}};
    macs_now = first_i ? macs : macs_q;
    change_now = first_i ? change : change_q;
  end

  localparam int BEAT_BITS = $clog2(MAC_BEATS + 1);
  logic [BEAT_BITS-1:0] beat, beat_q;  // of the frame, counted as far as addresses reach
  assign beat = first_i ? '0 : beat_q;

  logic [DATA_WIDTH-1:0] data;
  always_comb begin
    data = data_i;
    for (int b = 0; b < 12; b++) begin
      if (beat == BEAT_BITS'(b / K) && change_now[b]) data[(b%K)*8+:8] = macs_now[b*8+:8];
    end
  end

  // ---- health
  assign meta_next_o = first_i ? meta_i : meta_o;
  logic [15:0] length;
  logic too_long;
  assign length = length_i - 16'(verdict_i == linecard_pkg::RX_UNDERRUN);
  // Without waiting for the difference.
  assign too_long = verdict_i == linecard_pkg::RX_OVERSIZE || (verdict_i == linecard_pkg::RX_UNDERRUN
      ? length_i > 16'(linecard_pkg::MAX_FRAME + 1) : length_i > 16'(linecard_pkg::MAX_FRAME));
  logic ill;
  linecard_regs_pkg::reason_t illness;
  always_comb begin
    if (too_long) begin
      illness = linecard_regs_pkg::REASON_RX_OVERSIZE;
    end else if (verdict_i == linecard_pkg::RX_ERROR) begin
      illness = linecard_regs_pkg::REASON_RX_ERROR;
    end else if (verdict_i == linecard_pkg::RX_OVERFLOW) begin
      illness = linecard_regs_pkg::REASON_RX_OVERFLOW;
    end else if (verdict_i == linecard_pkg::RX_UNDERRUN) begin
      illness = linecard_regs_pkg::REASON_RX_UNDERRUN;
    end else if (!enable_i) begin
      illness = linecard_regs_pkg::REASON_DISABLED;
    end else if (length_i < 16'd14) begin
      illness = linecard_regs_pkg::REASON_RUNT;
    end else if (length_i < 16'(meta_next_o.header_min)) begin
      illness = linecard_regs_pkg::REASON_TRUNCATED;
    end else begin
      illness = linecard_regs_pkg::REASON_IP_LENGTH;
    end
    ill = too_long || verdict_i != linecard_pkg::RX_OK || !enable_i || length_i < 16'd14 ||
        length_i < 16'(meta_next_o.header_min) || 17'(length_i) < meta_next_o.packet_end;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      macs_q <= macs_now;
      change_q <= change_now;
      beat_q <= (beat == BEAT_BITS'(MAC_BEATS)) ? beat : beat + 1'b1;
      data_o <= data;
      count_o <= count_i;
      last_o <= last_i;
      ill_o <= ill;
      illness_o <= illness;
      length_o <= too_long ? 16'(linecard_pkg::MAX_FRAME + 1) : length;
      meta_o <= meta_next_o;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_o <= 1'b0;
    else valid_o <= valid_i;
  end

endmodule
