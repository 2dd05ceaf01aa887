import CZlib

/// Why compressed bytes could not be read or made.
public enum CompressionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The stream ends before its trailer: cut off, or not all here yet.
  case truncated
  /// The stream is not gzip or zlib, or its checksum does not match; zlib's own words.
  case damaged(String)
  /// The stream inflates to more than the caller allows, in bytes.
  case tooLarge(limit: Int)
  /// The stream was made with a preset dictionary that this program does not have.
  case unknownDictionary(UInt32)

  /// What is wrong with the bytes, in words for people.
  public var description: String {
    switch self {
    case .truncated: "compressed data ends too early"
    case .damaged(let reason): "compressed data is damaged: \(reason)"
    case .tooLarge(let limit): "compressed data inflates to more than \(limit) bytes"
    case .unknownDictionary(let id): "compressed with an unknown dictionary, \(Checksum.hex(id))"
    }
  }
}

/// Compresses to gzip members (RFC 1952) and to zlib streams with a preset dictionary (RFC 1950).
///
/// Keeps zlib's state (256 KiB) for its next use, so a thread that compresses often keeps one. The header
/// carries no time and no name: the same bytes in give the same bytes out with the same zlib.
package final class Deflater {
  private var stream = z_stream()
  private let format: Format

  package enum Format: Sendable {
    case gzip
    case zlib(dictionary: [UInt8])
  }

  /// - Parameter level: 1 (fast) to 9 (small).
  package init(_ format: Format = .gzip, level: Int32 = 6) {
    self.format = format
    let windowBits: Int32 =
      switch format {
      case .gzip: 31
      case .zlib: 15
      }
    let status = deflateInit2_(
      &stream, level, Z_DEFLATED, windowBits, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot allocate its state: status \(status)")
  }

  deinit { deflateEnd(&stream) }

  /// Appends one whole member or stream that holds the input.
  ///
  /// - Parameter cuts: ascending offsets at which the kind of bytes changes (numbers, members, texts): each
  ///   part gets Huffman codes of its own, which a reader cannot tell but which saves 2 to 3 %.
  package func compress(_ input: Span<UInt8>, cuts: [Int] = [], to output: inout [UInt8]) {
    deflateReset(&stream)
    if case .zlib(let dictionary) = format {
      deflateSetDictionary(&stream, dictionary, UInt32(dictionary.count))
    }
    // Beside zlib's own bound, each cut may end a block early.
    let bound = Int(deflateBound(&stream, UInt(input.count))) + 16 * (cuts.count + 1)
    input.withUnsafeBufferPointer { source in
      // zlib reads through a mutable pointer type but does not write to its input.
      stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
      let piece = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(bound)
        var done = 0
        for cut in cuts where cut > done && cut < source.count {
          stream.avail_in = UInt32(cut - done)
          deflate(&stream, Z_BLOCK)
          done = cut
        }
        stream.avail_in = UInt32(source.count - done)
        let status = deflate(&stream, Z_FINISH)
        precondition(status == Z_STREAM_END, "deflateBound was too small: status \(status)")
        count = bound - Int(stream.avail_out)
      }
      output += piece
    }
  }

  /// One whole member or stream that holds the input.
  package func compress(_ input: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    compress(input.span, to: &output)
    return output
  }
}

/// Inflates gzip members and zlib streams, within a limit that the caller sets.
package final class Inflater {
  private var stream = z_stream()

  package init() {
    // 47: the window of 32 KiB, and the header tells whether it is gzip or zlib.
    let status = inflateInit2_(&stream, 47, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot allocate its state: status \(status)")
  }

  deinit { inflateEnd(&stream) }

  /// Inflates the member or stream that starts at `start` and appends what it holds.
  ///
  /// Memory grows with the output, at most to `limit` bytes beyond what `output` held.
  /// - Parameters:
  ///   - expected: so many bytes come, as far as is known; memory for them is taken at once.
  ///   - dictionary: gives the preset dictionary for the Adler-32 that a zlib stream names.
  /// - Returns: the index behind the member.
  /// - Throws: `CompressionError`; then `output` may hold a part.
  package func inflateMember(
    _ input: Span<UInt8>, from start: Int = 0, limit: Int, expecting expected: Int? = nil,
    to output: inout [UInt8],
    dictionary: (UInt32) -> [UInt8]? = { _ in nil }
  ) throws(CompressionError) -> Int {
    inflateReset(&stream)
    guard start < input.count else { throw .truncated }
    let base = output.count
    var failure: CompressionError?
    var consumed = start
    input.withUnsafeBufferPointer { source in
      // zlib reads through a mutable pointer type but does not write to its input.
      stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.advanced(by: start))
      stream.avail_in = UInt32(clamping: source.count - start)
      var chunk = expected ?? min(max(4 * (source.count - start), 1 << 12), 1 << 18)
      while failure == nil {
        let room = min(chunk, limit + 1 - (output.count - base))
        var status = Z_OK
        output.reserveCapacity(
          Swift.max(output.count + room, Swift.min(output.capacity * 2, output.count + 8 * room)))
        output.append(addingCapacity: room) { target in
          target.withUnsafeMutableBufferPointer { target, count in
            stream.next_out = target.baseAddress?.advanced(by: count)
            stream.avail_out = UInt32(room)
            status = inflate(&stream, Z_NO_FLUSH)
            count += room - Int(stream.avail_out)
          }
        }
        if output.count - base > limit {
          failure = .tooLarge(limit: limit)
        } else if status == Z_STREAM_END {
          consumed = source.count - Int(stream.avail_in)
          return
        } else if status == Z_NEED_DICT {
          let id = UInt32(truncatingIfNeeded: stream.adler)
          guard let words = dictionary(id) else {
            failure = .unknownDictionary(id)
            return
          }
          // What was written with other words than these would ask for a dictionary again, for ever.
          guard inflateSetDictionary(&stream, words, UInt32(words.count)) == Z_OK else {
            failure = .unknownDictionary(id)
            return
          }
        } else if status == Z_BUF_ERROR || status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0 {
          failure = .truncated
        } else if status != Z_OK {
          failure = .damaged(stream.msg.map { String(cString: $0) } ?? "status \(status)")
        }
        chunk = min(chunk * 2, 1 << 22)
      }
    }
    if let failure { throw failure }
    return consumed
  }

  /// What a buffer that holds one gzip member inflates to, within a limit.
  package func inflateWhole(_ member: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
    var output: [UInt8] = []
    // RFC 1952, section 2.3.1: a member ends in its text's size.
    let size = member.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    _ = try inflateMember(member.span, limit: limit, expecting: max(size, 1 << 10), to: &output)
    return output
  }

  /// Inflates a whole buffer of members that follow each other.
  package func inflateAll(_ input: [UInt8], limit: Int) throws(CompressionError) -> [UInt8] {
    var output: [UInt8] = []
    var index = 0
    while index < input.count {
      index = try inflateMember(input.span, from: index, limit: limit - output.count, to: &output)
    }
    return output
  }
}
