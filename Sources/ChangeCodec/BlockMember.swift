import Codec

/// One gzip member of a log, as it lies in the file, with the blocks in it.
package struct BlockMember: Sendable {
  package let bytes: [UInt8]
  package let blocks: [Block]

  /// The most that a member may inflate to, in bytes.
  package static let textLimit = 64 << 20

  package init(bytes: [UInt8], blocks: [Block]) {
    self.bytes = bytes
    self.blocks = blocks
  }

  /// Compresses blocks to one member.
  package init(_ blocks: [Block], _ deflater: Deflater) {
    var text: [UInt8] = []
    var cuts: [Int] = []
    for block in blocks { cuts += BlockText.write(block, to: &text) }
    var bytes: [UInt8] = []
    deflater.compress(text.span, cuts: cuts, to: &bytes)
    self.init(bytes: bytes, blocks: blocks)
  }
}
