// Generated from hdl/serial.yaml by `npm run generate`; do not edit.
// verilator lint_off UNUSEDPARAM
// (constants that only the host needs)
package serial_pkg;

  localparam logic [3:0] VERSION = 4'd1;
  localparam logic [7:0] FLAG = 8'h7e;  // Before and behind each frame; in a row they mean nothing.
  localparam logic [7:0] ESCAPE = 8'h7d;  // The next octet of the frame has bit `toggle` the other way.
  localparam logic [7:0] TOGGLE = 8'h20;  // The bit.
  localparam logic [31:0] FCS_POLYNOMIAL = 32'hedb88320;
  localparam logic [31:0] FCS_GOOD = 32'hdebb20e3;

  localparam logic [1:0] REQUEST_HELLO = 2'd1;  // Begins a session: the next request has this one's number plus 1. All else is sent back.
  localparam logic [1:0] REQUEST_ACCESS = 2'd2;  // Segments: each a word, and as many words behind it as are to be written.
  localparam logic [1:0] REQUEST_INJECT = 2'd3;  // A frame or a part of one. The first part begins with the `inject` record in two octets.
  localparam int LSB_REQUEST_FIRST = 2;  // Inject: the frame's first part.
  localparam int LSB_REQUEST_LAST = 3;  // Inject: its last part.

  localparam int LSB_SEGMENT_WRITE = 0;  // 1: the words behind it are written; 0: as many are read.
  localparam int BITS_SEGMENT_WRITE = 1;
  localparam int LSB_SEGMENT_COUNT = 24;  // Words, less 1; at addresses that follow each other.
  localparam int BITS_SEGMENT_COUNT = 8;

  localparam logic [1:0] REPORT_ACK = 2'd0;  // Nothing else.
  localparam logic [1:0] REPORT_HELLO = 2'd1;  // What the hello brought.
  localparam logic [1:0] REPORT_REPLY = 2'd2;  // Words that were read, least significant octet first; octet 1 is the request's number.
  localparam logic [1:0] REPORT_FRAME = 2'd3;  // A running number, 0 behind a hello, the decision record, and the frame for the host.
  localparam int LSB_REPORT_VERSION = 2;  // `version` above.
  localparam int BITS_REPORT_VERSION = 4;
  localparam int LSB_REPORT_REFUSED = 6;  // 1: a request came damaged, or one before it is missing.
  localparam int BITS_REPORT_REFUSED = 1;
  localparam int LSB_REPORT_ATTENTION = 7;  // 1: a slot event is not acknowledged.
  localparam int BITS_REPORT_ATTENTION = 1;

  localparam int QUEUE_OCTETS = 2048;  // The card's memory for requests that are not done. More may not be on their way.
  localparam int IDLE_BITS = 65536;  // A frame in which nothing comes for so many bit times has ended, and badly.

endpackage
