import ChangeCodec
import Codec
import Merge

/// The body of a push: the texts of blocks, compressed.
///
/// A zlib stream with the preset dictionary for up to `dictionaryLimit` bytes of text, where it saves half,
/// a gzip member for more. The reader tells them apart by their first byte, and by the Adler-32 that the stream
/// names it knows the dictionary.
package enum PushBody {
  /// The most bytes that a body may have, compressed.
  package static let maximumSize = 8 << 20
  /// The most bytes of text that a body may inflate to.
  package static let maximumText = 32 << 20
  /// The most changes that a body may hold. What they take in memory is many times the least that they take in text.
  package static let maximumCount = 65_536
  /// Texts up to this size are compressed with the dictionary, in bytes.
  package static let dictionaryLimit = 256 << 10

  /// Compresses blocks for the server.
  ///
  /// - Parameter defaults: what the server knows of the sender; nil for relayed blocks.
  package static func encode(_ blocks: [Block], leavingOut defaults: BlockText.Defaults?) -> [UInt8] {
    guard !blocks.isEmpty else { return [] }
    var text: [UInt8] = []
    var cuts: [Int] = []
    for block in blocks { cuts += BlockText.write(block, leavingOut: defaults, to: &text) }
    let useDictionary = text.count <= dictionaryLimit
    let deflater = useDictionary ? Deflater(.zlib(dictionary: PresetDictionary.bytes), level: 9) : Deflater()
    var body: [UInt8] = []
    // Codes of their own for each part pay only where the parts are long.
    deflater.compress(text.span, cuts: text.count > 4096 ? cuts : [], to: &body)
    return body
  }

  /// Inflates and parses a body. Memory stays within the limits, whatever the bytes are.
  ///
  /// - Throws: `Refusal` with `tooLarge` or `malformed`.
  package static func decode(_ body: [UInt8], defaults: BlockText.Defaults?) throws(Refusal) -> [Block] {
    guard body.count <= maximumSize else {
      throw Refusal(.tooLarge, "a push of \(body.count) bytes; the limit is \(maximumSize)")
    }
    var text: [UInt8] = []
    let inflater = Inflater()
    var index = 0
    do throws(CompressionError) {
      while index < body.count {
        index = try inflater.inflateMember(
          body.span, from: index, limit: maximumText - text.count, to: &text,
          dictionary: { $0 == PresetDictionary.id ? PresetDictionary.bytes : nil })
      }
    } catch {
      if case .tooLarge = error {
        throw Refusal(
          .tooLarge, "the push inflates to more than \(maximumText) bytes; send fewer changes at once")
      }
      throw Refusal(.malformed, "the push cannot be read: \(error)")
    }
    guard let blocks = try parse(text, defaults) else {
      throw Refusal(.tooLarge, "a push of more than \(maximumCount) changes; send fewer at once")
    }
    // It could not be made again under another id, which goes by its line. What is in a log already stays readable.
    for block in blocks {
      if let long = block.changes.first(where: ChangeLine.isTooLong) {
        throw Refusal(.malformed, "change \(long.id) has a line of more than \(Change.maximumSize) bytes")
      }
    }
    return blocks
  }

  /// The blocks of a body's text; nil where they hold too many changes.
  private static func parse(_ text: [UInt8], _ defaults: BlockText.Defaults?) throws(Refusal) -> [Block]? {
    do {
      return try BlockText.parseAll(text.span, defaults: defaults, maximumCount: maximumCount)
    } catch {
      throw Refusal(.malformed, "the push is not made of blocks: \(error)")
    }
  }
}
