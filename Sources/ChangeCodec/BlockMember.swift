import Codec

/// One gzip member of a log, as it lies in the file, with the blocks in it.
package struct BlockMember: Sendable {
  package let bytes: [UInt8]
  package let blocks: [Block]

  /// The most that a member may inflate to, in bytes.
  package static let textLimit = 64 << 20
  /// The text behind which `members` begins another one, in bytes. Far below `textLimit`: what a push leaves out and what is
  /// added to it when it is stored can be many times what came.
  package static let textSize = 8 << 20

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

  /// Compresses blocks to as few members as hold at most so much text each, or one block. Cost: a pass over the text.
  ///
  /// - Parameter size: the most text of a member of several blocks, in bytes.
  package static func members(
    of blocks: [Block], _ deflater: Deflater, size: Int = textSize
  ) -> [BlockMember] {
    var members: [BlockMember] = []
    var text: [UInt8] = []
    var cuts: [Int] = []
    var first = 0
    func finish(_ end: Int) {
      guard end > first else { return }
      var bytes: [UInt8] = []
      deflater.compress(text.span, cuts: cuts, to: &bytes)
      members.append(BlockMember(bytes: bytes, blocks: Array(blocks[first..<end])))
      (text, cuts, first) = ([], [], end)
    }
    for (index, block) in blocks.enumerated() {
      let start = text.count
      let blockCuts = BlockText.write(block, to: &text)
      if text.count > size, start > 0 {
        let rest = Array(text[start...])
        text.removeLast(rest.count)
        finish(index)
        text = rest
        cuts = blockCuts.map { $0 - start }
      } else {
        cuts += blockCuts
      }
    }
    finish(blocks.count)
    return members
  }
}
